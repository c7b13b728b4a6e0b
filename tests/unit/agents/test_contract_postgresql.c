#include "contract.h"

int main(void)
{
    return contract_run(ENGINE_POSTGRESQL);
}
