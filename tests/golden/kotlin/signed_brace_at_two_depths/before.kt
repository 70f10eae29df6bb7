class Form {
  fun setDisabled(view: View, disabled: Boolean) {
    view.disabled = disabled
  }

  fun setNames(view: View, names: List<String>) {
    if (names.isEmpty()) {
      return
   }
    view.names = names
  }

  fun create(context: Context): View {
    return View(context)
  }
}
