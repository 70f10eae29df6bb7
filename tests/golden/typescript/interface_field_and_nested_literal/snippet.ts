// ... existing code ...

export interface RequestOptions {
  // ... existing fields ...
  timeoutMs?: number;
  idempotencyKey?: string;
}

// ... existing code ...

  private async request<T>(path: string, options: RequestOptions): Promise<T> {
    // ... existing code ...
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${this.token}`,
          ...(options.idempotencyKey ? { "idempotency-key": options.idempotencyKey } : {}),
          ...options.headers,
        },
    // ... existing code ...
  }
}
