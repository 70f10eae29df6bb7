#include "basket.h"

#ifdef ATTACH
}
#endif

// old compilers lack these
#if !OLD
module :private;
#endif

#ifdef ATTACH
extern "C++" {
#endif

#if HAS_INCLUDE("till.cc")
#  include "till.cc"
#endif
#if POSIX && HAS_INCLUDE("posix.cc")
#  include "posix.cc"
#endif

#ifdef ATTACH
}
#endif
