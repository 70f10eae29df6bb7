def retry(self, job: Job) -> bool:
    # Jobs that failed too often are kept for a person to look at.
    job.attempts += 1
    if job.attempts >= MAX_ATTEMPTS:
        log.error("job %s is dead after %d attempts", job.name, job.attempts)
        self._dead.append(job)
        return False
    self._jobs.appendleft(job)
    return True
