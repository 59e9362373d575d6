/** The one way to the server: JSON by URL, problems as values, answers that follow a changing URL. */

import { effect, signal, type ReadonlySignal } from "@preact/signals";
import type { Problem } from "./shapes";

/** A refusal or a failure; `status` 0 means that no answer came at all. */
export class ServerProblem extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title);
  }
}

export async function getJson<T>(url: string, signal: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, { signal, headers: { Accept: "application/json, application/geo+json" } });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ServerProblem({ title: "", status: 0 });
  }
  if (!response.ok) throw new ServerProblem(await readProblem(response));
  return (await response.json()) as T;
}

/** What the server says for itself; of another (a proxy's page, "Bad Gateway") only the status is taken, never the words. */
async function readProblem(response: Response): Promise<Problem> {
  const unsaid = { title: "", status: response.status };
  if (!response.headers.get("content-type")?.includes("json")) return unsaid;
  return { ...unsaid, ...((await response.json().catch(() => ({}))) as Partial<Problem>) };
}

export type Loadable<T> =
  | { state: "idle" }
  | { state: "loading"; previous: T | null }
  | { state: "ready"; value: T }
  | { state: "failed"; problem: Problem };

export interface Resource<T> {
  readonly answer: ReadonlySignal<Loadable<T>>;
  retry(): void;
}

/** Keep an answer that belongs to `url`: asked again when the URL changes, the older request is given up. */
export function resource<T>(url: ReadonlySignal<string | null>): Resource<T> {
  const answer = signal<Loadable<T>>({ state: "idle" });
  const attempt = signal(0);
  effect(() => {
    const wanted = url.value;
    attempt.value;
    const before = answer.peek();
    if (wanted === null) {
      answer.value = { state: "idle" };
      return;
    }
    answer.value = { state: "loading", previous: before.state === "ready" ? before.value : null };
    const request = new AbortController();
    getJson<T>(wanted, request.signal).then(
      (value) => {
        if (!request.signal.aborted) answer.value = { state: "ready", value };
      },
      (error: unknown) => {
        if (request.signal.aborted) return;
        const problem = error instanceof ServerProblem ? error.problem : { title: "", status: 0 };
        answer.value = { state: "failed", problem };
      },
    );
    return () => request.abort();
  });
  return { answer, retry: () => void attempt.value++ };
}

/** A path with its query; empty values are left out. */
export function resourceUrl(path: string, query: Record<string, string | number | null | undefined>): string {
  const written = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") written.set(name, String(value));
  }
  return `${path}?${written.toString()}`;
}
