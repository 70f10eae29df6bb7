// ... existing code ...
   Receipt *receipt = [[Receipt alloc] initWithItems:self.items];
   [self.till print:receipt];
+  if (self.items.count == 0) {
+    [self notify];
+  }
   return receipt;
 }
// ... existing code ...
