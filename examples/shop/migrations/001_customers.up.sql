CREATE TABLE customer (
    id         INTEGER      NOT NULL PRIMARY KEY,
    email      VARCHAR(254) NOT NULL,
    name       VARCHAR(200) NOT NULL,
    created_at TIMESTAMP    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT customer_email_is_unique UNIQUE (email)
);
