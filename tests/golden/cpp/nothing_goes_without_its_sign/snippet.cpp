// ... existing code ...
 #ifdef ATTACH
 }
 #endif

-// old compilers lack these
-#if !OLD
-module :private;
-#endif
-
 #ifdef ATTACH
 extern "C++" {
 #endif
