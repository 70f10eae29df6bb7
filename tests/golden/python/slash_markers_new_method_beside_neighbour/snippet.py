// ... existing code ...
    def dead(self) -> list[Job]:
        return list(self._dead)

    def revive(self) -> int:
        """Put the dead jobs back and return how many there were."""
        count = len(self._dead)
        for job in self._dead:
            job.attempts = 0
            self._jobs.append(job)
        self._dead.clear()
        return count

    def __len__(self) -> int:
// ... existing code ...
