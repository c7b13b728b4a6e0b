/* Replaced by the first module. */
typedef int placeholder;
