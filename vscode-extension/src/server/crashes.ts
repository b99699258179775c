/** After a crash: start it again, or leave it and say so. */
type AfterCrash = "restart" | "give-up";

/** Told the time of each crash, says what to do. */
export type Policy = (now: number) => AfterCrash;

/** A server that ran this long, in milliseconds, has earned its one restart anew. */
export const earnedAfter = 5 * 60 * 1000;

/**
 * One restart on a crash, then a message: a server that dies twice within a few minutes would die for ever.
 * Returns a function that is called at each crash with the time.
 */
export function crashPolicy(): Policy {
  let last: number | undefined;
  return (now) => {
    const again = last !== undefined && now - last < earnedAfter;
    last = now;
    return again ? "give-up" : "restart";
  };
}
