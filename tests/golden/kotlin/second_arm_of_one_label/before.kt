class Detector {
    fun onEvent(event: Event): Boolean {
        when (event.action) {
            Event.DOWN -> {
                started = false
                ids[0] = event.id(0)
            }
            Event.MOVE -> {
                listener?.onMove(this)
            }
            Event.POINTER_UP -> if (started) {
                if (event.id() == ids[0] || event.id() == ids[1]) {
                    finish()
                }
            }
            Event.UP -> finish()
        }
        return true
    }
}
