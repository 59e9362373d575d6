/** What is said while waiting, when there is nothing, and when something failed: always with a way on. */

import type { ComponentChildren } from "preact";
import type { Problem } from "../shapes";
import { t } from "../state";

export function Waiting({ label, lines = 4 }: { label: string; lines?: number }) {
  return (
    <div class="waiting" role="status">
      <span class="unseen">{label}</span>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} class="waiting-line" style={{ width: `${92 - ((line * 23) % 50)}%` }} />
      ))}
    </div>
  );
}

export function Nothing({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="nothing" role="status">
      <p class="nothing-title">{title}</p>
      {children && <p>{children}</p>}
    </div>
  );
}

interface FailureProps {
  title: string;
  problem: Problem;
  hint?: string;
  onRetry(): void;
}

/** The server's own sentence where there is one; from a proxy before it, or without any answer, what to do. */
export function Failure({ title, problem, hint, onRetry }: FailureProps) {
  const unsaid = problem.status === 0 ? (hint ?? t("page_failed_hint")) : t("gateway_failed");
  const sentence = problem.detail || problem.title || unsaid;
  return (
    <div class="failure" role="alert">
      <p class="failure-title">{problem.status === 0 ? t("page_failed") : title}</p>
      <p>{sentence}</p>
      <button type="button" class="button" onClick={onRetry}>
        {t("retry")}
      </button>
    </div>
  );
}
