// ... existing code ...
   fun setDisabled(view: View, disabled: Boolean) {
     view.disabled = disabled
   }
+
+  fun setHint(view: View, hint: String?) {
+    view.hint = hint
+  }

   fun setNames(view: View, names: List<String>) {
// ... existing code ...
