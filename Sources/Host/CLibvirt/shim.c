#include "CLibvirt.h"
void novella_x(void){}
