#include <stdio.h>

#define VERSION(old, now) now

static const char *const names[] = {
    VERSION("exp", "exp@2.2"),
    VERSION("log", "log@2.2"),
    VERSION("pow", "pow@2.2"),
};

int main(void) {
    printf("%s\n", names[0]);
    return 0;
}
