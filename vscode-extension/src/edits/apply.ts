/** The part of an editor's TextEdit that is needed here. */
interface PlainEdit {
  readonly newText: string;
  readonly range: { readonly start: Place; readonly end: Place };
}

interface Place {
  readonly line: number;
  readonly character: number;
}

/** The text after edits that do not overlap; lines and UTF-16 columns as LSP counts them. */
export function applyEdits(text: string, edits: readonly PlainEdit[]): string {
  const starts = lineStarts(text);
  const offset = ({ line, character }: Place): number =>
    Math.min((starts[line] ?? text.length) + character, text.length);
  const cuts = edits
    .map(({ range, newText }, order) => ({ from: offset(range.start), to: offset(range.end), newText, order }))
    .sort((one, other) => other.from - one.from || other.order - one.order);
  return cuts.reduce((result, { from, to, newText }) => result.slice(0, from) + newText + result.slice(to), text);
}

/** LSP knows \n, \r\n and \r as ends of a line, and no others. */
function lineStarts(text: string): readonly number[] {
  return [0, ...[...text.matchAll(/\r\n|\n|\r/g)].map((end) => end.index + end[0].length)];
}
