#include "library.h"

#include <stddef.h>

static void tell(const struct typed_parameter *param, novella_virt_stat_fn callback, void *context) {
    switch (param->type) {
    case 1: callback(context, param->field, param->value.number, NULL); break;
    case 2: callback(context, param->field, param->value.natural, NULL); break;
    case 3: callback(context, param->field, param->value.big, NULL); break;
    case 4: callback(context, param->field, (long long)param->value.big_natural, NULL); break;
    case 6: callback(context, param->field, param->value.flag, NULL); break;
    case 7: callback(context, param->field, 0, param->value.text); break;
    default: break;
    }
}

int novella_virt_stats(
    void *connection, const char *name, novella_virt_stat_fn callback, void *context, novella_virt_error *error) {
    /* state, processors in all and each, balloon, NICs, disks */
    static const unsigned int wanted = 1 | 2 | 4 | 8 | 16 | 32;
    struct stats_record **records = NULL;
    domain_ptr domain = novella_virt.lookup(connection, name);
    if (domain == NULL) return novella_virt_fail(error);
    domain_ptr domains[] = {domain, NULL};
    int count = novella_virt.stats(domains, wanted, &records, 0);
    if (count < 0) novella_virt_fail(error);
    for (int record = 0; record < count; record++)
        for (int param = 0; param < records[record]->count; param++)
            tell(&records[record]->params[param], callback, context);
    if (count >= 0) novella_virt.free_stats(records);
    novella_virt.free_domain(domain);
    return count < 0 ? -1 : 0;
}
