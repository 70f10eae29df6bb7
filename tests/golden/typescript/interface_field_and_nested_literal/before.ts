import { createHash } from "node:crypto";
import type { Logger } from "./logger";
import { HttpError, TimeoutError } from "./errors";

export interface RequestOptions {
  method?: "GET" | "POST" | "PUT" | "DELETE";
  headers?: Record<string, string>;
  body?: unknown;
  timeoutMs?: number;
}

export interface CacheEntry<T> {
  value: T;
  expires: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;

export class ApiClient {
  private readonly cache = new Map<string, CacheEntry<unknown>>();

  constructor(
    private readonly baseUrl: string,
    private readonly token: string,
    private readonly logger: Logger,
  ) {}

  async get<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.request<T>(path, { ...options, method: "GET" });
  }

  async post<T>(path: string, body: unknown, options: RequestOptions = {}): Promise<T> {
    return this.request<T>(path, { ...options, method: "POST", body });
  }

  async put<T>(path: string, body: unknown, options: RequestOptions = {}): Promise<T> {
    return this.request<T>(path, { ...options, method: "PUT", body });
  }

  async delete(path: string, options: RequestOptions = {}): Promise<void> {
    await this.request<void>(path, { ...options, method: "DELETE" });
  }

  async cached<T>(path: string, ttlMs: number): Promise<T> {
    const key = this.cacheKey(path);
    const hit = this.cache.get(key);
    if (hit && hit.expires > Date.now()) {
      return hit.value as T;
    }
    const value = await this.get<T>(path);
    this.cache.set(key, { value, expires: Date.now() + ttlMs });
    return value;
  }

  private cacheKey(path: string): string {
    return createHash("sha1").update(this.baseUrl + path).digest("hex");
  }

  private async request<T>(path: string, options: RequestOptions): Promise<T> {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    try {
      const response = await fetch(this.baseUrl + path, {
        method: options.method,
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${this.token}`,
          ...options.headers,
        },
        body: options.body === undefined ? undefined : JSON.stringify(options.body),
        signal: controller.signal,
      });
      if (!response.ok) {
        throw new HttpError(response.status, await response.text());
      }
      return (await response.json()) as T;
    } catch (error) {
      if (controller.signal.aborted) {
        throw new TimeoutError(path);
      }
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
