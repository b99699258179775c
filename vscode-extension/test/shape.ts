/** Reads the shapes of tests/contract; their small language is described in its README. */

import { readFileSync } from "node:fs";

export type Shape = string | readonly Shape[] | Readonly<Record<string, unknown>>;

export function contract(name: string): Readonly<Record<string, unknown>> {
  const file = new URL(`../../tests/contract/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
}

/** What of a value does not fit a shape, each with its place; empty when all fits. */
export function misfits(value: unknown, shape: Shape, place = "$"): readonly string[] {
  if (typeof shape === "string") {
    return shape.startsWith("@")
      ? misfits(value, contract(shape.slice(1))["shape"] as Shape, place)
      : plain(value, shape, place);
  }
  if (Array.isArray(shape)) {
    const [inner] = shape as readonly Shape[];
    return Array.isArray(value)
      ? value.flatMap((item, index) => misfits(item, inner ?? "any", `${place}[${index}]`))
      : [`${place}: not a list`];
  }
  const { enum: choices, oneOf, map } = shape as { enum?: unknown[]; oneOf?: Shape[]; map?: Shape };
  if (choices !== undefined) {
    return choices.includes(value) ? [] : [`${place}: ${JSON.stringify(value)} is none of ${JSON.stringify(choices)}`];
  }
  if (oneOf !== undefined) {
    const all = oneOf.map((each) => misfits(value, each, place));
    return all.some((each) => each.length === 0) ? [] : all.flat();
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [`${place}: not an object`];
  }
  return map === undefined
    ? members(value, shape as Record<string, Shape>, place)
    : Object.entries(value).flatMap(([key, item]) => misfits(item, map, `${place}.${key}`));
}

function members(value: object, shape: Readonly<Record<string, Shape>>, place: string): readonly string[] {
  const has = value as Record<string, unknown>;
  const names = Object.keys(shape).map((key) => key.replace(/\?$/, ""));
  const missing = Object.keys(shape).filter((key) => !key.endsWith("?") && !(key in has));
  return [
    ...missing.map((key) => `${place}.${key}: missing`),
    ...Object.entries(has).flatMap(([key, item]) =>
      names.includes(key)
        ? misfits(item, shape[key] ?? shape[`${key}?`] ?? "any", `${place}.${key}`)
        : [`${place}.${key}: not in the contract`],
    ),
  ];
}

function plain(value: unknown, shape: string, place: string): readonly string[] {
  const fits: Readonly<Record<string, boolean>> = {
    any: true,
    null: value === null,
    boolean: typeof value === "boolean",
    integer: Number.isInteger(value),
    number: typeof value === "number",
    string: typeof value === "string",
    uri: typeof value === "string" && value.startsWith("file:"),
    timestamp: typeof value === "string" && !Number.isNaN(Date.parse(value)),
  };
  return fits[shape] === true ? [] : [`${place}: ${JSON.stringify(value)} is no ${shape}`];
}
