                listener?.onMove(this)
            }
            Event.POINTER_UP -> {
                val id = event.id()
                // all fingers are up
                if (!started && id == ids[0]) {
                    listener?.onEnd(this)
                }
                if (started && ids.contains(id)) {
                    ids[1] = Event.NONE
                    started = false
                }
            }
