// Questions that the page asks and judges (nnlib/ask.py declares them, and judges in a kernel what this file judges here).
// What is typed is read by a parser of its own, a small part of NumPy, and never run as code.
(() => {
  "use strict";

  // ------------------------------------------------------------------------------------------------ arrays
  // An array is { shape, data, truth }: at most two axes, row by row; `truth` marks what a comparison made.

  const NOTHING = "Nothing is typed yet.";

  class Complaint extends Error {
    constructor(sentence, at = 0, kind = "syntax") {
      super(sentence);
      Object.assign(this, { at, kind });
    }
  }

  const size = (shape) => shape.reduce((product, n) => product * n, 1);
  const make = (shape, data, truth = false) => ({ shape, data, truth });
  const scalar = (x) => make([], [x]);
  const shown = (shape) => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  const array = (nested) => {
    const shape = [];
    for (let level = nested; Array.isArray(level); level = level[0]) shape.push(level.length);
    return make(shape, [nested].flat(Infinity).map(Number));
  };
  const map = (x, f) => make(x.shape, x.data.map(f));
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const rowsOf = ({ shape }) => (shape.length === 2 ? shape : [1, shape[0] ?? 1]);

  const transpose = (x) => {
    if (x.shape.length < 2) return x;
    const [rows, columns] = x.shape;
    const data = Array.from(x.data, (_, k) => x.data[(k % rows) * columns + Math.floor(k / rows)]);
    return make([columns, rows], data, x.truth);
  };

  class Misfit extends Error {}

  // Shapes are aligned at their ends; an axis of length 1 is repeated.
  const broadcast = (...shapes) => {
    const axes = Math.max(...shapes.map((shape) => shape.length));
    return Array.from({ length: axes }, (_, k) => {
      const lengths = shapes.map((shape) => shape[shape.length - axes + k] ?? 1).filter((n) => n !== 1);
      if (lengths.some((n) => n !== lengths[0])) throw new Misfit();
      return lengths[0] ?? 1;
    });
  };
  const entry = (x, shape, k) => {
    const columns = shape.at(-1) ?? 1, [rows, width] = rowsOf(x);
    const row = rows === 1 ? 0 : Math.floor(k / columns), column = width === 1 ? 0 : k % columns;
    return x.data[row * width + column];
  };
  const elementwise = (f, truth) => (...values) => {
    const shape = broadcast(...values.map((value) => value.shape));
    const data = Array.from({ length: size(shape) }, (_, k) => f(...values.map((value) => entry(value, shape, k))));
    return make(shape, data, truth ? truth(values) : false);
  };

  const matmul = (x, y) => {
    if (!x.shape.length || !y.shape.length) throw new Misfit();
    const [n, m] = rowsOf(x), [p, q] = y.shape.length === 1 ? [y.shape[0], 1] : y.shape;
    if (m !== p) throw new Misfit();
    const truth = x.truth && y.truth;
    const data = Array.from({ length: n * q }, (_, k) => {
      let total = 0;
      for (let j = 0; j < m; j++) total += x.data[Math.floor(k / q) * m + j] * y.data[j * q + (k % q)];
      return truth ? Number(total > 0) : total;
    });
    return make([...x.shape.slice(0, -1), ...(y.shape.length === 2 ? [q] : [])], data, truth);
  };
  const both = (values) => values.every((value) => value.truth);
  const multiply = elementwise((a, b) => a * b, both);
  const dot = (x, y) => (x.shape.length && y.shape.length ? matmul(x, y) : multiply(x, y));
  const outer = (x, y) => make([x.data.length, y.data.length], x.data.flatMap((a) => y.data.map((b) => a * b)), both([x, y]));

  const along = { // of a list of numbers
    sum,
    mean: (values) => sum(values) / values.length,
    max: (values) => values.reduce((a, b) => (a >= b || Number.isNaN(a) ? a : b)),
  };
  const reduce = (name, x, axis, keepdims) => {
    const f = along[name], [rows, columns] = rowsOf(x);
    const truth = name === "max" && x.truth;
    if (axis === null || !x.shape.length) return make(keepdims ? x.shape.map(() => 1) : [], [f(x.data)], truth);
    const k = axis < 0 ? axis + x.shape.length : axis;
    const down = x.shape.length === 2 && k === 0;
    const data = down
      ? Array.from({ length: columns }, (_, j) => f(Array.from({ length: rows }, (_, i) => x.data[i * columns + j])))
      : Array.from({ length: rows }, (_, i) => f(x.data.slice(i * columns, (i + 1) * columns)));
    return make(keepdims ? x.shape.with(k, 1) : x.shape.toSpliced(k, 1), data, truth);
  };

  const softmax = (z) => {
    const e = map(binary["-"](z, z.shape.length ? reduce("max", z, -1, true) : z), Math.exp);
    return binary["/"](e, e.shape.length ? reduce("sum", e, -1, true) : e);
  };
  const relu = (z) => (z > 0 || Number.isNaN(z) ? z : 0);
  const one = Object.fromEntries(
    Object.entries({
      exp: Math.exp, log: Math.log, sqrt: Math.sqrt, tanh: Math.tanh, abs: Math.abs, square: (x) => x * x,
      sigmoid: (z) => 1 / (1 + Math.exp(-z)), relu,
    }).map(([name, f]) => [name, (x) => map(x, (value) => f(value))]),
  );
  Object.assign(one, {
    softmax,
    transpose,
    len: (x) => scalar(x.shape[0]),
  });
  const larger = (a, b) => (a >= b || Number.isNaN(a) ? a : b);
  const smaller = (a, b) => (a <= b || Number.isNaN(a) ? a : b);
  const two = { maximum: elementwise(larger, both), minimum: elementwise(smaller, both), outer, dot, matmul, multiply };
  const where = elementwise((condition, a, b) => (condition ? a : b), ([, a, b]) => a.truth && b.truth);
  const functions = [...Object.keys(one), ...Object.keys(two), ...Object.keys(along), "where"];
  const attributes = ".T, .sum, .mean, .max, .dot, .astype, .shape, .size";

  const power = (a, b) => (b === 0 || a === 1 ? 1 : a ** b);
  const compare = (f) => elementwise((a, b) => Number(f(a, b)), () => true);
  const binary = {
    "+": elementwise((a, b) => a + b),
    "-": elementwise((a, b) => a - b),
    "*": multiply,
    "/": elementwise((a, b) => a / b),
    "@": matmul,
    "**": elementwise(power),
    "<": compare((a, b) => a < b),
    "<=": compare((a, b) => a <= b),
    ">": compare((a, b) => a > b),
    ">=": compare((a, b) => a >= b),
    "==": compare((a, b) => a === b),
    "!=": compare((a, b) => a !== b),
  };
  const either = elementwise((a, b) => Number(a || b), () => true); // what + makes of two truths

  // ------------------------------------------------------------------------------------------------ reading

  const plain = (source) => source.replaceAll("−", "-").replaceAll("δ", "delta");

  const TOKEN = /\s*(?:(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>[\p{L}_][\p{L}\p{N}_]*)|(?<sign>\*\*|<=|>=|==|!=|[-+*\/@<>()[\],.:=])|(?<strange>\S))/uy;
  const unknown = (character, at) =>
    new Complaint(`The character '${character}' means nothing here.${character === "^" ? " A power is **." : ""}`, at);

  const tokens = (source) => {
    const found = [];
    TOKEN.lastIndex = 0;
    for (let match; (match = TOKEN.exec(source)); ) {
      const [kind, text] = Object.entries(match.groups).find(([, text]) => text !== undefined);
      const at = TOKEN.lastIndex - text.length;
      if (kind === "strange") throw unknown(text, at);
      found.push({ kind, text, at });
    }
    return [...found, { kind: "end", text: "", at: source.trimEnd().length }];
  };

  // Each rule of the grammar returns a function that evaluates what it has read: nothing is evaluated before all is read.
  const parse = (source, names) => {
    const list = tokens(source);
    let place = 0;
    let depth = 0;
    const ahead = (text) => list[place].text === text && list[place].kind === "sign";
    const take = (...texts) => (texts.some(ahead) ? list[place++] : null);
    const stuck = ({ kind, text, at } = list[place]) =>
      kind === "end"
        ? new Complaint("The formula ends too early: something is missing at its end.", at)
        : new Complaint(`Here it cannot be read on: '${text[0]}' does not belong there.`, at);
    const need = (text) => take(text) ?? (() => { throw stuck(); })();

    const fit = (at, sign, f, values) => {
      let value;
      try {
        value = f(...values);
      } catch (error) {
        if (!(error instanceof Misfit)) throw error;
        throw new Complaint(`The shapes do not fit: ${sign} gets ${values.map((value) => shown(value.shape)).join(" and ")}.`, at, "shape");
      }
      return axes(value, at);
    };
    const axes = (value, at) => {
      if (value.shape.length > 2) throw new Complaint("That has more than two axes.", at, "shape");
      return value;
    };

    const comparison = () => {
      if (++depth > 100) throw new Complaint("That is nested too deeply.");
      const left = sums(), sign = take("<=", ">=", "==", "!=", "<", ">");
      depth--;
      if (!sign) return left;
      const right = sums();
      if (["<=", ">=", "==", "!=", "<", ">"].some(ahead)) throw new Complaint("Only two things can be compared at a time.", list[place].at);
      return () => fit(sign.at, "the comparison", binary[sign.text], [left(), right()]);
    };
    const chain = (operand, ...signs) => () => {
      let left = operand();
      for (let sign; (sign = take(...signs)); ) {
        const before = left, right = operand(), { text, at } = sign;
        left = () => {
          const values = [before(), right()];
          if (text === "-" && both(values))
            throw new Complaint("NumPy does not subtract what is true or false: write 1.0 * (…).", at, "value");
          return fit(at, text, text === "+" && both(values) ? either : binary[text], values);
        };
      }
      return left;
    };
    const signed = () => {
      const sign = take("-", "+");
      if (!sign) return powers();
      if (++depth > 100) throw new Complaint("That is nested too deeply.");
      const operand = signed();
      depth--;
      return () => {
        const value = operand();
        if (value.truth) throw new Complaint("NumPy gives no sign to what is true or false: write 1.0 * (…).", sign.at, "value");
        return sign.text === "-" ? map(value, (x) => -x) : value;
      };
    };
    const products = chain(signed, "*", "/", "@");
    const sums = chain(products, "+", "-");
    const powers = () => {
      const base = trailers(atom()), sign = take("**");
      if (!sign) return base;
      const exponent = signed();
      return () => fit(sign.at, "**", binary["**"], [base(), exponent()]);
    };

    const atom = () => {
      const token = list[place++];
      if (token.kind === "number") return () => scalar(Number(token.text));
      if (token.text === "(" && token.kind === "sign") {
        const inside = comparison();
        need(")");
        return inside;
      }
      if (token.kind !== "name") throw stuck(token);
      if (["np", "numpy"].includes(token.text) && ahead(".") && list[place + 2]?.text === "(") {
        place++;
        const name = list[place++];
        return call(name.text, token.at);
      }
      if (ahead("(")) return call(token.text, token.at);
      return () => {
        if (names.has(token.text)) return names.get(token.text);
        const known = names.known().join(", ");
        throw new Complaint(
          functions.includes(token.text)
            ? `${token.text} is a function: write ${token.text}(…).`
            : `${token.text} is not known here. Known are ${known || "numbers alone"}.`,
          token.at, "name",
        );
      };
    };

    // Arguments: values in order, and axis and keepdims by name.
    const integer = (otherwise) => {
      const at = list[place].at, minus = take("-") ? -1 : 1, token = list[place++];
      if (token.kind !== "number" || !/^\d+$/.test(token.text)) throw token.kind === "end" ? stuck(token) : new Complaint(otherwise, at);
      return minus * Number(token.text);
    };
    const named = (given) => {
      const { text, at } = list[place];
      if (text !== "axis" && text !== "keepdims") throw new Complaint("Only axis and keepdims can be named here.", at);
      place += 2;
      if (text === "axis") given.axis = list[place].text === "None" ? (place++, null) : integer("An axis is a whole number.");
      else if (["True", "False", "1", "0"].includes(list[place].text)) given.keepdims = ["True", "1"].includes(list[place++].text);
      else throw new Complaint("keepdims is True or False.", list[place].at);
    };
    const options = (first) => {
      const given = { axis: null, keepdims: false };
      for (let k = 0; !take(")"); k++) {
        if (k || !first) need(",");
        if (take(")")) break;
        if (list[place].kind === "name" && list[place + 1].text === "=") named(given);
        else if (k) throw new Complaint("sum, mean and max take axis and keepdims here.", list[place].at);
        else given.axis = list[place].text === "None" ? (place++, null) : integer("An axis is a whole number.");
      }
      return given;
    };
    const reduced = (name, at, operand, { axis, keepdims }) => () => {
      const value = operand(), axes = Math.max(value.shape.length, Number(name !== "mean")); // as NumPy has it, a single number has a sum over axis 0
      if (axis !== null && !(axis >= -axes && axis < axes))
        throw new Complaint(`The shape ${shown(value.shape)} has no axis ${axis}.`, at, "shape");
      return reduce(name, value, axis, keepdims);
    };
    const call = (name, at) => {
      need("(");
      if (!functions.includes(name))
        throw new Complaint(`The function ${name} is not known here. Known are ${functions.join(", ")}.`, at, "name");
      if (name in along) {
        const operand = comparison();
        return reduced(name, at, operand, options(false));
      }
      const args = [];
      while (!take(")")) {
        if (args.length) need(",");
        if (args.length && take(")")) break;
        if (list[place + 1]?.text === "=") throw new Complaint(`${name} takes no such argument here.`, at);
        args.push(comparison());
      }
      const count = name in one ? 1 : name in two ? 2 : 3;
      if (args.length !== count)
        throw new Complaint(`${name} takes ${count} argument${count > 1 ? "s" : ""} here, not ${args.length}.`, at);
      return () => {
        const values = args.map((argument) => argument());
        if (name === "len" && !values[0].shape.length) throw new Complaint("A single number has no length.", at, "shape");
        return fit(at, name, one[name] ?? two[name] ?? where, values);
      };
    };

    const trailers = (operand) => {
      for (;;) {
        if (take(".")) operand = attribute(operand, list[place++]);
        else if (take("[")) operand = indexed(operand, items(), list[place - 1].at);
        else return operand;
      }
    };
    const items = () => {
      const found = [];
      do {
        if (take(":")) found.push(":");
        else if (list[place].text === "None") (place++, found.push(null));
        else found.push(integer("An index is a whole number, a : or None."));
      } while (take(","));
      need("]");
      return found;
    };
    const attribute = (operand, { kind, text, at }) => {
      if (kind !== "name") throw stuck({ kind, text, at });
      if (text === "T") return () => transpose(operand());
      if (text === "size") return () => scalar(operand().data.length);
      if (text === "shape") {
        const index = take("[") ? items() : [];
        if (index.length !== 1 || typeof index[0] !== "number") throw new Complaint("Of a shape take one number: .shape[0].", at);
        return indexed(() => array(operand().shape), index, at);
      }
      if (!(text in along) && text !== "dot" && text !== "astype")
        throw new Complaint(`.${text} is not known here. Known are ${attributes}.`, at, "name");
      if (!take("(")) throw new Complaint(`.${text} needs brackets: .${text}(…).`, at);
      if (text in along) return reduced(text, at, operand, options(true));
      if (text === "astype") {
        if (list[place++].text !== "float" || !take(")")) throw new Complaint("Write .astype(float).", at);
        return () => map(operand(), (x) => x);
      }
      const argument = comparison();
      need(")");
      return () => fit(at, "dot", dot, [operand(), argument()]);
    };
    const indexed = (operand, index, at) => () => {
      const value = operand(), outside = new Complaint(`The index is outside the shape ${shown(value.shape)}.`, at, "shape");
      if (index.filter((item) => item !== null).length > value.shape.length) throw outside;
      const shape = [];
      const places = []; // per axis: all, or one
      for (const item of index) {
        const n = value.shape[places.length];
        if (item === null) shape.push(1);
        else if (item === ":") (shape.push(n), places.push(null));
        else if (item < -n || item >= n) throw outside;
        else places.push(item < 0 ? item + n : item);
      }
      while (places.length < value.shape.length) (shape.push(value.shape[places.length]), places.push(null));
      const columns = value.shape.at(-1) ?? 1;
      const data = value.data.filter((_, k) => {
        const position = value.shape.length === 2 ? [Math.floor(k / columns), k % columns] : [k];
        return places.every((wanted, axis) => wanted === null || wanted === position[axis]);
      });
      return axes(make(shape, data, value.truth), at);
    };

    const formula = comparison();
    if (list[place].kind !== "end") throw stuck();
    return formula;
  };

  const evaluate = (source, names) => {
    if (!source.trim()) throw new Complaint(NOTHING);
    return parse(plain(source), names)();
  };

  // Names with their values, each evaluated when it is first asked for.
  const scope = (definitions, values = new Map()) => {
    const names = {
      values,
      has: (name) => Object.hasOwn(definitions, name),
      known: () => Object.keys(definitions).filter((name) => !name.startsWith("_")),
      get(name) {
        if (!values.has(name)) {
          const given = definitions[name];
          values.set(name, typeof given === "string" ? evaluate(given, names) : given.data ? given : array(given));
        }
        return values.get(name);
      },
    };
    return names;
  };

  // ------------------------------------------------------------------------------------------------ judging

  const ROUNDING = 1e-6;
  const largest = (x) => Math.max(...x.data.map(Math.abs));
  const finite = (x) => x.data.every(Number.isFinite);
  const atLayer = (formula, name) => {
    const digits = name.match(/\d*$/)[0];
    return [["{k}", 0], ["{k-1}", -1], ["{k+1}", 1]].reduce(
      (text, [words, step]) => text.replaceAll(words, digits ? Number(digits) + step : ""), formula,
    );
  };
  const number = (c) => String(Number(c.toPrecision(4))).replace("-", "−");
  const squeeze = (x) => make(x.shape.filter((n) => n !== 1), x.data);
  const turn = (x) => (x.shape.length === 1 ? make([x.shape[0], 1], x.data, x.truth) : transpose(x));
  const turnBack = (x) => (x.shape.length === 2 && x.shape[1] === 1 ? make([x.shape[0]], x.data) : transpose(x));
  const told = (shape) => (shape.length ? shown(shape) : "that of a single number");

  // A form whose choices are made.
  const caseOf = (spec, chosen = {}) => {
    const options = Object.entries(spec.choices ?? {}).map(([label, list]) => (list.find(([text]) => text === chosen[label]) ?? list[0])[1]);
    const parts = [spec, ...options];
    let definitions = Object.assign({}, ...parts.map(({ names }) => names));
    for (const name of Object.keys(definitions).filter((key) => key.includes("{k}"))) { // one for each layer
      definitions = { ...Object.fromEntries([..."123"].map((k) => [atLayer(name, k), atLayer(definitions[name], k)])), ...definitions };
      delete definitions[name];
    }
    const lines = new Map(parts.flatMap(({ lines }) => lines ?? []));
    const turned = new Set(parts.flatMap(({ turned }) => turned ?? []));
    const code = Object.assign({}, ...options.map(({ code }) => code));
    const given = Object.keys(definitions).filter((name) => !name.startsWith("_") && !lines.has(name));
    const rule = (name) => spec.rules[lines.get(name)];
    for (const name of lines.keys()) definitions[name] = atLayer(rule(name).right, name);
    const names = scope(definitions);
    const reader = (name) => (turned.has(name) ? turn(names.get(name)) : names.get(name));
    const same = (got, expected, right) => {
      const slack = spec.tolerance ?? ROUNDING * largest(right);
      return String(got.shape) === String(expected.shape) && got.data.every((x, k) => Math.abs(x - expected.data[k]) <= slack);
    };

    // The values of a line's wrong formulas; a fitted constant has two, at 0 and at 1. What is right here is left out.
    const spoils = new Map();
    const wrong = (name, right) => {
      if (spoils.has(name)) return spoils.get(name);
      const found = [];
      spoils.set(name, found);
      for (const [formula, say] of rule(name).wrong ?? []) {
        let one, other;
        try {
          [one, other] = [0, 1].map((c) => evaluate(atLayer(formula, name), scope({ ...definitions, _right: right, _c: scalar(c) }, new Map(names.values))));
        } catch (error) {
          if (error instanceof Complaint) continue;
          throw error;
        }
        if (finite(one) && finite(other) && !same(other, right, right)) found.push({ say, one, other });
      }
      return found;
    };
    const known = (name, got, right) => {
      const sentences = new Set();
      for (const { say, one, other } of wrong(name, right)) {
        if (String(got.shape) !== String(one.shape) || String(one.shape) !== String(other.shape)) continue;
        const change = one.data.map((x, k) => other.data[k] - x), square = sum(change.map((x) => x * x));
        const c = square ? sum(change.map((x, k) => (got.data[k] - one.data[k]) * x)) / square : 0;
        const model = make(one.shape, one.data.map((x, k) => x + c * change[k]));
        if (same(got, model, right)) sentences.add(atLayer(spec.say[say], name).replaceAll("{c}", number(c)));
      }
      return [...sentences];
    };
    const factorName = (c) => {
      for (const name of given) {
        const value = names.get(name);
        if (value.shape.length) continue;
        for (const [words, x] of [[name, value.data[0]], [`1/${name}`, 1 / value.data[0]]])
          if (Math.abs(c - x) <= ROUNDING * Math.abs(c)) return `, which is ${words}`;
      }
      return "";
    };
    const clue = (got, right, transposed) => {
      if (String(got.shape) !== String(right.shape))
        return transposed
          ? `The transpose of this is right: the shape is ${told(got.shape)}, expected ${told(right.shape)}.`
          : `The shape is ${told(got.shape)}, expected ${told(right.shape)}.`;
      if (transposed) return "The transpose of this is right.";
      if (right.data.some(Boolean)) {
        const c = sum(got.data.map((x, k) => x * right.data[k])) / sum(right.data.map((x) => x * x));
        const multiple = map(right, (x) => c * x);
        if (same(got, map(right, (x) => -x), right)) return "Right but for the sign.";
        if (got.data.length > 1 && !got.data.some(Boolean)) return "Everything is 0 here, and should not be.";
        if (right.data.filter(Boolean).length > 1 && same(got, multiple, multiple)) return `Right but for a factor ${number(c)}${factorName(c)}.`;
      }
      if (got.data.length === 1) return "Not yet: that is another number.";
      const agree = got.data.filter((x, k) => Math.abs(x - right.data[k]) <= ROUNDING * largest(right)).length;
      return `Not yet: the shape is right, and ${agree} of ${got.data.length} entries are.`;
    };

    const judge = (name, typed) => {
      const right = names.get(name);
      const above = [...lines.keys()].slice(0, [...lines.keys()].indexOf(name));
      const visible = [...given, ...above];
      let got;
      try {
        if (/^\s*[-+]?\d+,\d+\s*$/.test(typed)) throw new Complaint("Write the number with a point, as in 0.5.", typed.indexOf(","));
        got = evaluate(typed, scope(Object.fromEntries(visible.map((key) => [key, reader(key)]))));
      } catch (error) {
        if (!(error instanceof Complaint)) throw error;
        return { status: "unread", sentence: error.message, at: error.at };
      }
      if (turned.has(name)) got = turnBack(got);
      if (!finite(got)) return { status: "wrong", sentence: "That is not finite everywhere: somewhere it divides by 0, or takes the logarithm of it." };
      if (same(got, right, right)) return { status: "right", sentence: rule(name).because ?? "" };
      let said = known(name, got, right);
      const transposed = got.shape.length === 2 && same(transpose(got), right, right);
      if (!said.length && got.shape.includes(1) && !transposed) {
        const straight = squeeze(got);
        if (same(straight, squeeze(right), right)) {
          const seen = turned.has(name) ? transpose(got) : got;
          return { status: "wrong", sentence: `The numbers are right, the shape is not: ${told(seen.shape)}, expected ${told(right.shape)}.` };
        }
        said = known(name, straight, right);
      }
      return { status: "wrong", sentence: said.join(" Or: ") || clue(got, right, transposed) };
    };
    // The right formula of a line, in names that the reader knows.
    const answer = (name) => {
      let formula = atLayer((turned.size && rule(name).turned) || rule(name).right, name);
      for (let hidden; (hidden = formula.match(/(?<!\w)_\w+/)?.[0]); ) {
        const meant = atLayer(definitions[hidden], name);
        formula = formula.replace(hidden, formula === hidden || /^\w+$/.test(meant) ? meant : `(${meant})`);
      }
      return formula;
    };
    return { lines: [...lines.keys()], given, rule, reader, judge, answer, code };
  };

  // ------------------------------------------------------------------------------------------------ the page

  const element = (tag, properties = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) name in made ? (made[name] = value) : made.setAttribute(name, value);
    made.append(...children);
    return made;
  };
  const words = (text) => text.split(/`([^`]+)`/).map((part, k) => (k % 2 ? element("code", {}, part) : part));
  let ids = 0;
  const fresh = () => `ask-${++ids}`;

  const store = {
    read(key) {
      try { return JSON.parse(localStorage.getItem(key)) ?? {}; } catch { return {}; }
    },
    write(key, value) {
      try { value ? localStorage.setItem(key, JSON.stringify(value)) : localStorage.removeItem(key); } catch { /* kept in the page alone */ }
    },
  };

  const printed = (x) => {
    const places = x.data.every((value) => value === Math.round(value)) ? 0 : 2;
    if (!x.shape.length) return places ? String(Number(x.data[0].toPrecision(4))) : x.data[0].toFixed(0);
    const cells = x.data.map((value) => value.toFixed(places)), width = Math.max(...cells.map((cell) => cell.length));
    const columns = x.shape.at(-1);
    const rows = Array.from({ length: cells.length / columns }, (_, k) => cells.slice(k * columns, (k + 1) * columns).map((cell) => cell.padStart(width)).join("  "));
    return x.shape.length === 1 ? rows[0] : `${shown(x.shape)}\n${rows.map((row) => `  ${row}`).join("\n")}`;
  };

  const arrays = (form) => {
    const values = form.given.map((name) => [name, form.reader(name)]);
    const few = sum(values.map(([, value]) => value.data.length)) <= 40;
    const list = values.map(([name, value]) => (value.shape.length ? `${name} ${shown(value.shape)}` : `${name} = ${printed(value)}`)).join(", ");
    const text = values.map(([name, value]) => `${name}${value.shape.length === 2 ? " " : " = "}${printed(value)}`).join("\n");
    return element("details", { open: few }, element("summary", {}, few ? "In play" : `In play: ${list}`), element("pre", { tabIndex: 0, role: "group", ariaLabel: "The arrays in play" }, text));
  };

  // What is typed stays in the browser, under the question's key.
  const keeper = (box) => {
    const key = `ask ${box.dataset.key}`, kept = { typed: {}, tries: {}, last: {}, chosen: {}, ...store.read(key) };
    return { kept, save: () => store.write(key, kept), forget: () => store.write(key, null) };
  };

  const feedback = (place, { status, sentence, at }, tries, { hint, right } = {}, typed = "", before = "") => {
    const parts = [element("p", {}, element("strong", {}, { right: "Right. ", wrong: before, unread: before }[status]), ...words(sentence))];
    if (at !== undefined && typed) parts.push(element("pre", { tabIndex: 0, role: "group", ariaLabel: "Where it stops" }, `${plain(typed)}\n${" ".repeat(at)}^`));
    if (status === "wrong" && tries > 1 && hint) parts.push(element("p", {}, element("strong", {}, "Hint: "), ...words(hint)));
    if (status === "wrong" && tries > 2) parts.push(element("p", {}, element("strong", {}, "The answer: "), element("code", {}, right)));
    place.replaceChildren(...parts);
  };

  const buttons = (clear) => element("div", { className: "ask-buttons" },
    element("button", { type: "submit" }, "Check"),
    element("button", { type: "button", onclick: clear }, "Clear"));

  const choice = (box, spec) => {
    const { kept, save, forget } = keeper(box), name = fresh(), said = element("div", { className: "ask-said", role: "status" });
    const radios = spec.options.map(([text], k) => element("input", { type: "radio", name, value: k, checked: kept.typed.chosen === k }));
    const marks = spec.options.map(() => element("span", { className: "ask-mark" }));
    const check = () => {
      const k = radios.findIndex((radio) => radio.checked);
      if (k < 0) return said.replaceChildren(element("p", {}, "Nothing is chosen yet."));
      const right = k === spec.right;
      if (!right && kept.last.chosen !== k) kept.tries.chosen = (kept.tries.chosen ?? 0) + 1;
      kept.typed.chosen = kept.last.chosen = k;
      save();
      marks.forEach((mark, j) => { mark.textContent = j !== k ? "" : right ? "✓" : "✗"; });
      feedback(said, { status: right ? "right" : "wrong", sentence: spec.options[k][1] }, kept.tries.chosen, { hint: spec.hint, right: spec.options[spec.right][0] });
    };
    const clear = () => {
      for (const radio of radios) radio.checked = false;
      for (const mark of marks) mark.textContent = "";
      Object.assign(kept, { typed: {}, tries: {}, last: {} });
      forget();
      said.replaceChildren();
      radios[0].focus();
    };
    const prompt = box.querySelector(".ask-prompt");
    const set = element("fieldset", {}, element("legend", {}, ...prompt.childNodes),
      ...spec.options.map(([text], k) => element("label", {}, radios[k], element("span", {}, ...words(text)), marks[k])));
    prompt.remove();
    box.append(element("form", { onsubmit: (event) => (event.preventDefault(), check()) }, set, buttons(clear), said));
    if (kept.typed.chosen !== undefined) check();
  };

  const typedForm = (box, spec) => {
    const { kept, save, forget } = keeper(box), single = spec.kind !== "lines";
    const said = element("div", { className: "ask-said", role: "status" }), place = element("div"), code = element("div");
    const prompt = box.querySelector(".ask-prompt");
    prompt.id = fresh();
    let form, fields;

    const selects = Object.entries(spec.choices ?? {}).filter(([, options]) => options.length > 1).map(([label, options]) => {
      const select = element("select", { onchange: () => { kept.chosen[label] = select.value; kept.tries = {}; kept.last = {}; build(); save(); } },
        ...options.map(([text]) => element("option", { value: text, selected: kept.chosen[label] === text }, text)));
      return element("label", { className: "ask-choice" }, label, select);
    });

    const build = () => {
      form = caseOf(spec, kept.chosen);
      fields = new Map();
      const rows = form.lines.map((name) => {
        const input = element("input", {
          type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: false, autocorrect: "off", value: kept.typed[name] ?? "",
          oninput: () => { kept.typed[name] = input.value; mark.textContent = ""; input.removeAttribute("aria-invalid"); save(); },
        });
        if (single) input.setAttribute("aria-describedby", prompt.id);
        const mark = element("span", { className: "ask-mark" });
        fields.set(name, { input, mark });
        return element("div", { className: "ask-row" }, element("label", {}, single ? "Answer" : element("code", {}, `${name} =`), input), mark);
      });
      place.replaceChildren(...(form.given.length ? [arrays(form)] : []), ...rows);
      said.replaceChildren();
      code.replaceChildren();
    };

    const check = () => {
      let first = null, all = true, any = false;
      for (const [name, { input, mark }] of fields) {
        const typed = input.value;
        mark.textContent = "";
        input.removeAttribute("aria-invalid");
        if (!typed.trim()) { all = false; continue; }
        any = true;
        const verdict = form.judge(name, typed);
        if (verdict.status === "wrong" && kept.last[name] !== typed) kept.tries[name] = (kept.tries[name] ?? 0) + 1;
        kept.last[name] = typed;
        mark.textContent = { right: "✓ right", wrong: "✗ wrong", unread: "? not read" }[verdict.status];
        if (verdict.status !== "right") {
          input.setAttribute("aria-invalid", "true");
          first ??= { name, verdict, typed };
        }
      }
      save();
      const right = Object.fromEntries(form.lines.map((name) => [name, { ...form.rule(name), right: form.answer(name) }]));
      if (first) {
        feedback(said, first.verdict, kept.tries[first.name], right[first.name], first.typed, single ? "" : `The first wrong line is ${first.name}. `);
        if (first.verdict.status === "unread") {
          const { input } = fields.get(first.name), at = first.typed === plain(first.typed) ? first.verdict.at : first.typed.length;
          input.focus();
          input.setSelectionRange(at, at + 1);
        }
      } else if (all) feedback(said, { status: "right", sentence: form.lines.map((name) => right[name].because ?? "").filter(Boolean).join(" ") });
      else said.replaceChildren(element("p", {}, any ? "Right so far." : NOTHING));
      if (spec.code && any) show();
    };

    // The same for a kernel: the reader's lines in a function for nnlib.
    const show = () => {
      const typed = [...fields].map(([name, { input }]) => `${name} = ${input.value.trim() ? inNumpy(input.value.trim()) : "..."}`);
      const filled = Object.entries(form.code).reduce((whole, [key, value]) => whole.replaceAll(`{${key}}`, value), spec.code);
      const layers = [...new Set(form.lines.map((name) => name.match(/\d*$/)[0]))].sort();
      const text = filled
        .replace(/<<(.*?)>>/g, (_, each) => layers.map((k) => atLayer(each, k)).join(", "))
        .replace(/^( *)\{lines\}/m, (_, space) => typed.map((line) => space + line).join("\n"))
        .replace(/^ *\{\w+\}\n/gm, ""); // what no choice has filled
      code.replaceChildren(element("p", {}, "The same in a kernel, in nnlib's words:"), element("pre", { tabIndex: 0, role: "group", ariaLabel: "Python for a kernel" }, text));
    };

    const clear = () => {
      Object.assign(kept, { typed: {}, tries: {}, last: {} });
      forget();
      build();
      fields.values().next().value.input.focus();
    };

    const paste = single ? [] : [pasting((text) => {
      const found = assigned(text, form.lines);
      for (const [name, formula] of Object.entries(found)) kept.typed[name] = formula;
      save();
      build();
      if (Object.keys(found).length) return check();
      said.replaceChildren(element("p", {}, `No line was found. A line is written ${form.lines[0]} = …; the lines here are ${form.lines.join(", ")}.`));
    })];
    build();
    box.append(element("form", { onsubmit: (event) => (event.preventDefault(), check()) }, ...selects, place, buttons(clear), said, code, ...paste));
    if (Object.values(kept.typed).some((typed) => typed?.trim())) check();
  };

  const pasting = (use) => {
    const area = element("textarea", { rows: 6, spellcheck: false, autocapitalize: "off", autocomplete: "off" });
    return element("details", { className: "ask-paste" }, element("summary", {}, "Paste all lines at once"),
      element("label", {}, "Your lines, one below the other", area),
      element("button", { type: "button", onclick: () => use(area.value) }, "Put them in and check"));
  };

  // The right-hand sides of pasted lines. What is not a line of the form is a helper, and is put in where it is used.
  const assigned = (text, lines) => {
    const plainName = (name) => name.replaceAll("_", "").toLowerCase().replace(/^dz|^d(?=\d)|^δ/, "delta");
    const meant = new Map(lines.map((name) => [plainName(name), name]));
    const helpers = new Map(), found = {};
    const put = (formula) => formula.replace(/(?<![\p{L}\p{N}_.])[\p{L}_][\p{L}\p{N}_]*/gu, (name) =>
      helpers.has(name) ? `(${helpers.get(name)})` : found[name] === undefined && meant.has(plainName(name)) && name !== meant.get(plainName(name)) ? meant.get(plainName(name)) : name);
    for (const line of plain(text).split("\n")) {
      const match = line.replace(/#.*/, "").match(/^\s*([\p{L}_][\p{L}\p{N}_]*)\s*=\s*([^=].*?)\s*;?\s*$/u);
      if (!match) continue;
      const formula = put(match[2]), name = meant.get(plainName(match[1]));
      if (name) found[name] = formula;
      else if (formula !== match[1]) helpers.set(match[1], formula);
    }
    return found;
  };

  // A formula as Python runs it: functions with the module that they come from.
  const inNumpy = (formula) => plain(formula).replace(/(?<![\p{L}\p{N}_.])([\p{L}_][\p{L}\p{N}_]*)(?=\s*\()/gu, (name) =>
    ["sigmoid", "relu", "softmax"].includes(name) ? `nnlib.${name}` : name !== "len" && name !== "np" && functions.includes(name) ? `np.${name}` : name);

  const start = () => {
    for (const box of document.querySelectorAll("div.ask[data-ask]")) {
      const spec = JSON.parse(box.dataset.ask);
      box.querySelector(".ask-note")?.remove();
      (spec.kind === "choice" ? choice : typedForm)(box, spec);
    }
  };
  globalThis.ask = { evaluate, scope, caseOf, assigned, array };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
})();
