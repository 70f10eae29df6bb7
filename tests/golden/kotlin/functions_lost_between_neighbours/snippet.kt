// ... existing code ...

    private var job: Job? = null

    fun running(): Boolean = job?.isActive == true
}
