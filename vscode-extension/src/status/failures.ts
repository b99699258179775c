import type { Operation, ProjectStatus } from "../protocol";

/**
 * The failures in a status that were asked for in this window and are not yet `told`, which they then are. One that
 * was retried and failed again counts again.
 */
export function newFailures(told: Set<string>, { operations, pid }: ProjectStatus): readonly Operation[] {
  return operations.filter(({ id, state, origin, finishedAt }) => {
    const failure = `${id} ${finishedAt ?? ""}`;
    const isNew = state === "failed" && origin.pid === pid && !told.has(failure);
    if (isNew) {
      told.add(failure);
    }
    return isNew;
  });
}
