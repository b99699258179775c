import type { Operation, ProjectStatus } from "../protocol";

/** The operations that failed between two statuses; one that failed, was retried and failed again counts again. */
export function newlyFailed(before: ProjectStatus | undefined, now: ProjectStatus | undefined): readonly Operation[] {
  const old = new Map(before?.operations.map((operation) => [operation.id, operation]));
  return (now?.operations ?? []).filter((operation) => {
    const earlier = old.get(operation.id);
    return operation.state === "failed" && (earlier?.state !== "failed" || earlier.finishedAt !== operation.finishedAt);
  });
}
