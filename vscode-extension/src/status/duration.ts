import { l10n } from "vscode";

/** Seconds as the shortest words that a person reads at a glance: '12 s', '3 min', '2 h 5 min'. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) {
    return l10n.t("{0} s", whole);
  }
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) {
    return l10n.t("{0} min", minutes);
  }
  return l10n.t("{0} h {1} min", Math.floor(minutes / 60), minutes % 60);
}
