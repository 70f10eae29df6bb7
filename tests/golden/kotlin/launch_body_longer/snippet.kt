    fun start() {
        if (job != null) {
            return
        }
        job = scope.launch {
            var failures = 0
            while (isActive) {
                try {
                    repository.refresh()
                    failures = 0
                } catch (error: IOException) {
                    failures += 1
                }
                delay(every * (1 + failures))
            }
        }
    }

    fun stop() {
        // ... unchanged ...
    }
