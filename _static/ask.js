// Questions that the page asks and judges (nnlib/ask.py declares them, and judges in a kernel what this file judges here).
// What is typed is read by a parser of its own, a small part of NumPy, and never run as code.
(() => {
  "use strict";

  // ------------------------------------------------------------------------------------------------ arrays
  // An array is { shape, data, truth }: at most two axes, row by row; `truth` marks what a comparison made.

  const NOTHING = "Nothing is typed yet.";

  class Complaint extends Error {
    constructor(sentence, at = 0, kind = "syntax", name = "") { // of what is not known
      super(sentence);
      Object.assign(this, { at, kind, name });
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
      exp: Math.exp, log: Math.log, sqrt: Math.sqrt, tanh: Math.tanh, cosh: Math.cosh, abs: Math.abs, square: (x) => x * x, sign: Math.sign,
      negative: (x) => -x, sigmoid: (z) => 1 / (1 + Math.exp(-z)), relu, ones_like: () => 1, zeros_like: () => 0,
    }).map(([name, f]) => [name, (x) => map(x, (value) => f(value))]),
  );
  Object.assign(one, {
    softmax,
    transpose,
    squeeze: (x) => squeeze(x),
    ravel: (x) => make([x.data.length], x.data, x.truth),
    array: (x) => x,
    len: (x) => scalar(x.shape[0]),
  });
  const larger = (a, b) => (a >= b || Number.isNaN(a) ? a : b);
  const smaller = (a, b) => (a <= b || Number.isNaN(a) ? a : b);
  const two = {
    maximum: elementwise(larger, both), minimum: elementwise(smaller, both), outer, dot, matmul, multiply,
    heaviside: elementwise((z, there) => (z < 0 ? 0 : z > 0 ? 1 : z === 0 ? there : NaN)),
  };
  const operators = { add: "+", subtract: "-", divide: "/", power: "**" };
  const three = {
    where: elementwise((condition, a, b) => (condition ? a : b), ([, a, b]) => a.truth && b.truth),
    clip: elementwise((x, low, high) => smaller(larger(x, low), high)),
  };
  const functions = [one, two, operators, three, along].flatMap(Object.keys);
  const squeeze = (x) => make(x.shape.filter((n) => n !== 1), x.data, x.truth);
  const bare = { transpose, ravel: one.ravel, flatten: one.ravel, squeeze, copy: (x) => x }; // methods without arguments
  const floats = ["float", "int", "np.float64", "np.float32", "np.int64"];
  const methods = [...Object.keys(along), "dot", "astype", "reshape", ...Object.keys(bare)];
  const attributes = `.T, .${methods.join(", .")}, .shape, .size`;

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

  const plain = (source) => source.replaceAll("−", "-").replaceAll("δ", "delta").replaceAll("σ", "sigmoid").normalize("NFKC");

  const TOKEN = /\s*(?:(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>[\p{L}_][\p{L}\p{N}_]*)|(?<sign>\*\*|<=|>=|==|!=|[-+*\/@<>()[\],.:=])|(?<strange>\S))/uy;
  const meant = { "^": " A power is **.", "'": " A transpose is .T.", "⊙": " Entry by entry is *." };
  const unknown = (character, at, source) => {
    const [, name] = `'"`.includes(character) ? (source.slice(0, at).match(/([\p{L}\p{N}_]+)\s*\([^()]*$/u) ?? []) : [];
    if (name && !functions.includes(name)) return new Complaint(`The function ${name} is not known here. Known are ${functions.join(", ")}.`, source.lastIndexOf(name, at), "name", name);
    const shown = character === "'" ? `"'"` : `'${character}'`; // as Python has it
    return new Complaint(`The character ${shown} means nothing here.${meant[character] ?? ""}`, at);
  };

  const tokens = (source) => {
    const found = [];
    TOKEN.lastIndex = 0;
    for (let match; (match = TOKEN.exec(source)); ) {
      const [kind, text] = Object.entries(match.groups).find(([, text]) => text !== undefined);
      const at = TOKEN.lastIndex - text.length;
      if (kind === "strange") throw unknown(text, at, source);
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
    const combined = (sign, at, values) => {
      if (sign === "-" && both(values))
        throw new Complaint("NumPy does not subtract what is true or false: write 1.0 * (…).", at, "value");
      return fit(at, sign, sign === "+" && both(values) ? either : binary[sign], values);
    };
    const chain = (operand, ...signs) => () => {
      let left = operand();
      for (let sign; (sign = take(...signs)); ) {
        const before = left, right = operand(), { text, at } = sign;
        left = () => combined(text, at, [before(), right()]);
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
          token.at, "name", token.text,
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
        throw new Complaint(`The function ${name} is not known here. Known are ${functions.join(", ")}.`, at, "name", name);
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
      const count = name in one ? 1 : name in three ? 3 : 2;
      if (args.length !== count)
        throw new Complaint(`${name} takes ${count} argument${count > 1 ? "s" : ""} here, not ${args.length}.`, at);
      return () => {
        const values = args.map((argument) => argument());
        if (name === "len" && !values[0].shape.length) throw new Complaint("A single number has no length.", at, "shape");
        return name in operators ? combined(operators[name], at, values) : fit(at, name, one[name] ?? two[name] ?? three[name], values);
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
        else if (["None", "newaxis"].includes(list[place].text)) (place++, found.push(null));
        else if (list[place].text === "np" && list[place + 2]?.text === "newaxis") (place += 3, found.push(null));
        else found.push(integer("An index is a whole number, a : or None."));
      } while (take(","));
      need("]");
      return found;
    };
    const sizes = () => {
      const tuple = take("("), found = [];
      while (!take(")")) {
        if (found.length) need(",");
        if (found.length && take(")")) break;
        found.push(integer("A size is a whole number."));
      }
      if (tuple) need(")");
      return found;
    };
    const reshaped = (operand, sizes, at) => () => {
      const value = operand(), n = value.data.length, given = size(sizes.filter((size) => size !== -1));
      const shape = sizes.map((size) => (size === -1 ? n / given : size));
      if (sizes.filter((size) => size < 0).length > 1 || size(shape) !== n || !shape.every(Number.isInteger))
        throw new Complaint(`The shape ${shown(value.shape)} cannot become (${sizes.join(", ")}).`, at, "shape");
      return axes(make(shape, value.data, value.truth), at);
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
      if (!methods.includes(text))
        throw new Complaint(`.${text} is not known here. Known are ${attributes}.`, at, "name", `.${text}`);
      if (!take("(")) throw new Complaint(`.${text} needs brackets: .${text}(…).`, at);
      if (text in along) return reduced(text, at, operand, options(true));
      if (text === "astype") {
        let type = "";
        while (list[place].kind !== "end" && !ahead(")")) type += list[place++].text;
        if (!floats.includes(type) || !take(")")) throw new Complaint("Write .astype(float).", at);
        return () => map(operand(), (x) => x);
      }
      if (text === "reshape") return reshaped(operand, sizes(), at);
      if (text in bare) {
        if (!take(")")) throw new Complaint(`${text} takes 0 arguments here.`, at);
        return () => bare[text](operand());
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
    const flat = new Set(parts.flatMap(({ flat }) => flat ?? []));
    const scaled = Object.assign({}, ...parts.map(({ scaled }) => scaled)), factors = new Set(Object.values(scaled));
    const said = Object.entries(Object.assign({}, ...parts.map(({ words }) => words)));
    const layout = parts.map(({ layout }) => layout).filter(Boolean).join(" ");
    const code = Object.assign({}, ...options.map(({ code }) => code));
    const given = Object.keys(definitions).filter((name) => !name.startsWith("_") && !lines.has(name));
    const rule = (name) => spec.rules[lines.get(name)];
    for (const name of lines.keys()) definitions[name] = atLayer(rule(name).right, name);
    const names = scope(definitions);
    const reader = (name) => { // as the reader sees it
      const value = turned.has(name) ? turn(names.get(name)) : names.get(name);
      return scaled[name] ? multiply(value, names.get(scaled[name])) : value;
    };
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
        const sentence = said.reduce((text, [old, other]) => text.replaceAll(old, other), atLayer(spec.say[say], name).replaceAll("{c}", number(c)));
        if (same(got, model, right)) sentences.add(sentence);
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

    const flattened = (name, got) => (flat.has(name) && String(squeeze(got).shape) === String(names.get(name).shape) ? squeeze(got) : got);
    const comesOut = (name, got) => same(flattened(name, turned.has(name) ? turnBack(got) : got), names.get(name), names.get(name));
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
        const raises = error.kind === "shape" || error.kind === "value"; // NumPy would stop there too
        return { status: raises ? "wrong" : "unread", sentence: error.message, at: error.at };
      }
      if (turned.has(name)) got = turnBack(got);
      if (scaled[name]) got = binary["/"](got, names.get(scaled[name]));
      got = flattened(name, got);
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
      const { turned: other, right } = rule(name);
      let formula = atLayer((turned.size && (typeof other === "string" ? other : other?.[layout])) || right, name);
      for (let hidden; (hidden = formula.match(/(?<!\w)_\w+/)?.[0]); ) {
        const meant = atLayer(definitions[hidden], name);
        formula = formula.replace(hidden, formula === hidden || /^\w+$/.test(meant) ? meant : `(${meant})`);
      }
      for (const factor of factors) formula = scaled[name] ? formula.replaceAll(` / ${factor}`, "") : `${formula} / ${factor}`; // what is seen larger lacks a division
      return formula;
    };
    return { lines: [...lines.keys()], given, rule, reader, judge, comesOut, answer, code };
  };

  // ------------------------------------------------------------------------------------------------ pasted code
  // People paste whole functions. These are read statement by statement: what they call x, z1 or dW2 is known by its name, helpers are put
  // in where they are used, and what this page cannot evaluate is said to be so, and judged nowhere.

  class Unreadable extends Error {}
  const unreadable = (sentence) => { throw new Unreadable(sentence); };
  const unheard = (name) => unreadable(`It uses ${name}, which this page cannot evaluate.`);
  const wrapped = (formula) => (/^[\p{L}\p{N}_.]*$/u.test(formula) || bracketed(formula) ? formula : `(${formula})`);

  const PIECE = /("""|''')[\s\S]*?\1|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|#[^\n]*|\\\n|[\s\S]/g; // strings and comments are one piece
  const pieces = (text) => {
    let depth = 0, at = 0;
    return [...text.matchAll(PIECE)].map(([piece]) => {
      if (")]}".includes(piece)) depth--;
      const found = { piece, at, depth };
      if ("([{".includes(piece)) depth++;
      at += piece.length;
      return found;
    });
  };
  const cut = (text, isSign) => { // at a sign outside brackets
    let from = 0;
    const parts = [];
    for (const { piece, at, depth } of pieces(text)) if (!depth && isSign(piece, at)) (parts.push(text.slice(from, at)), (from = at + 1));
    return [...parts, text.slice(from)].map((part) => part.trim());
  };
  const commas = (text) => cut(text, (piece) => piece === ",").filter(Boolean);
  const colons = (text) => cut(text, (piece) => piece === ":");
  const equals = (text) => cut(text, (piece, at) => piece === "=" && !"=<>!".includes(text[at - 1] ?? "(") && text[at + 1] !== "=");
  const bracketed = (text) => /^[([{]/.test(text) && pieces(text).findIndex(({ depth }, k) => k && !depth) === pieces(text).length - 1;
  const inside = (text) => (bracketed(text) ? text.slice(1, -1).trim() : text);
  const entries = (text) => // of a dictionary
    (text[0] === "{" && bracketed(text) ? commas(inside(text)).map(colons) : /^dict\(.*\)$/s.test(text) ? commas(text.slice(5, -1)).map(equals) : [])
      .filter((entry) => entry.length === 2).map(([key, value]) => [key.replace(/["']/g, ""), value]);

  // Statements without comments and docstrings, each with the blocks in which it stands.
  const BLOCK = /^(?:async\s+)?(def|class|for|while|if|elif|else|with|try|except|finally)\b.*:$/s;
  const statements = (text) => {
    const found = [], stack = [];
    let now = "";
    const end = () => {
      const indent = now.match(/^\s*/)[0].length, statement = now.trim(), [, kind] = statement.match(BLOCK) ?? [];
      now = " ".repeat(indent);
      if (!statement) return;
      while (stack.length && indent <= stack.at(-1).indent) stack.pop();
      for (const block of stack) block.body.push({ text: statement, kind });
      found.push({ text: statement, kind, blocks: [...stack] });
      if (kind) stack.push({ indent, kind, head: statement, body: [] });
    };
    for (const { piece, depth } of pieces(text.replace(/^\s*(?:>>>|\.\.\.) ?/gm, "").replaceAll("\t", "    "))) {
      if (piece[0] === "#" || piece === "\\\n" || /^("""|''')/.test(piece)) continue;
      if (depth <= 0 && (piece === "\n" || piece === ";")) (end(), (now = piece === ";" ? now : ""));
      else now += piece === "\n" ? " " : piece;
    }
    end();
    return found;
  };

  // Functions of the reader's own that are one formula.
  const functionsIn = (list, text) => {
    const found = new Map(), heads = list.flatMap(({ blocks }) => blocks).filter(({ kind }) => kind === "def");
    for (const block of new Set(heads)) {
      const [, name, parameters] = block.head.match(/^(?:async\s+)?def\s+(\w+)\s*\((.*)\)[^()]*:$/s) ?? [], last = block.body.at(-1)?.text;
      const called = name && text.split(new RegExp(`(?<![\\w])${name}\\s*\\(`)).length > 2;
      if (!called || !/^return\s/.test(last) || block.body.slice(0, -1).some(({ text, kind }) => kind || equals(text).length !== 2)) continue;
      block.inlined = true;
      const locals = block.body.slice(0, -1).map(({ text }) => equals(text));
      found.set(name, { parameters: commas(parameters), locals, formula: last.replace(/^return\s+/, "") });
    }
    for (const { text } of list) {
      const [, name, parameters, formula] = text.match(/^(\w+)\s*=\s*lambda\s+([^:]*):\s*(.*)$/s) ?? [];
      if (name) found.set(name, { parameters: commas(parameters), locals: [], formula });
    }
    for (const [name, { parameters }] of found) found.get(name).parameters = parameters.filter((p) => p !== "self").map((p) => p.split(/[:=]/)[0].trim());
    return found;
  };

  // Assignments: to what, with which operator, what, and why it cannot be read if it cannot.
  const assignments = (list) => {
    const found = [];
    for (const { text, kind, blocks } of list) {
      if (kind || blocks.some(({ inlined }) => inlined) || /^(?:assert|print|import|from|raise|del|global)\b|=\s*lambda\b/.test(text)) continue;
      const [, returned] = text.match(/^return\s+(.*)$/s) ?? [], sides = returned === undefined ? equals(text) : [returned], formula = sides.at(-1);
      const why = blocks.map(whyNot).find(Boolean), add = (target, op, formula) => found.push({ target, op, formula, why });
      for (const [key, value] of entries(formula)) add(`grads['${key}']`, "", value);
      if (returned !== undefined || entries(formula).length) continue;
      for (const side of sides.slice(0, -1)) {
        const [, left, op = ""] = side.match(/^(.*?)(\*\*|\/\/|[-+*\/@])?$/s);
        const targets = commas(inside(colons(left)[0])), values = commas(inside(formula));
        if (targets.length === 1) add(targets[0], op, formula);
        else if (targets.length === values.length) targets.forEach((target, k) => add(target, "", values[k]));
        else if (/\.shape$/.test(formula)) targets.forEach((target, k) => add(target, "", `${formula}[${k}]`));
      }
    }
    return found;
  };
  // A loop that repeats the same lines, as training does, is read once; any other is not read.
  const whyNot = ({ kind, head, body }) => {
    if (["if", "elif", "else"].includes(kind)) return "It stands under a condition, which this page does not decide.";
    if (kind !== "for") return "";
    const variables = head.match(/^for\s+(.*?)\s+in\s/s)?.[1].match(/\w+/g) ?? [];
    const used = body.some(({ text }) => !/^(?:print|if)\b/.test(text) && variables.some((v) => new RegExp(`(?<!\\w)${v}(?!\\w)`).test(text)));
    return used ? "It stands in a loop, which this page does not run." : "";
  };

  const LETTER = "[\\p{L}_][\\p{L}\\p{N}_]*";
  const PATH = new RegExp(`(?<![\\p{L}\\p{N}_.\\])"'])${LETTER}(?:\\.${LETTER}|\\[\\s*(?:"[^"]*"|'[^']*')\\s*\\])*`, "gu");
  const MODULES = ["np", "numpy", "jnp", "math", "torch", "tf", "scipy", "F", "nn"];
  // self.cache["A1"].T as the name A1 and the rest .T; grads["W1"] is dW1.
  const named = (path) => {
    const parts = path.match(new RegExp(`${LETTER}|"[^"]*"|'[^']*'`, "gu"));
    let name = parts[0], owner = "";
    for (let k = 1; k < parts.length; k++) {
      const key = /^["']/.test(parts[k]) ? parts[k].slice(1, -1) : parts[k];
      if (key === parts[k] && (["T", "shape", "size"].includes(key) || methods.includes(key))) return { name, rest: `.${parts.slice(k).join(".")}` };
      (owner = name), (name = /grad/i.test(owner) && /^[wb]/i.test(key) ? `d${key}` : key);
    }
    return { name, rest: "" };
  };

  // What a name means in a form, by the habits of those who write such code.
  const D = "d(?:[lejc]|loss|cost|err)?d?|grad|nabla|g";
  const meanings = (form, text, targets) => {
    const L = Math.max(...form.lines.map((name) => Number(name.match(/\d*$/)[0])));
    const numbers = (letter) => targets.map((name) => name.match(new RegExp(`^${letter}_?(\\d)$`, "i"))?.[1]).filter(Boolean).map(Number);
    const deltas = numbers("(?:delta|dz)"), weights = numbers("d_?W");
    const fromZero = weights.includes(0) ? 1 : 0, late = deltas.length && Math.min(...deltas) > 1 && Math.max(...deltas) === Math.max(...weights) + 1 ? 1 : 0;
    const shift = { delta: deltas.includes(0) ? 1 : -late, W: fromZero, b: fromZero, a: 0, z: 0 };
    const out = { delta: /^(?:dscores?|dlogits?|(?:delta|dz)o(?:ut(?:put)?)?|out(?:put)?delta)$/, W: /^wo(?:ut(?:put)?)?$/, b: /^bo(?:ut(?:put)?)?$/, z: /^(?:scores?|logits?)$/, a: /^(?:y?hat|yhat|y?pred(?:iction)?s?|probs?|p|o|out(?:put)?)$/ };
    const hidden = { delta: /^(?:(?:delta|dz)h(?:id(?:den)?)?|hid(?:den)?delta)$/, W: /^wh(?:id(?:den)?)?$/, b: /^bh(?:id(?:den)?)?$/, z: /^zh$/, a: /^h(?:id(?:den)?)?(?:layer)?$/ };
    const isThere = (words) => new RegExp(`(?<![\\w.])(?:${words})(?!\\w)`).test(text.replace(/^\s*print.*$/gm, ""));
    const yIsOut = isThere("[tT]|targets?|labels?|y_?true") && !isThere(`[aA]_?${L}|y_?hat|y_?pred|probs?`);
    const layer = (letter, c) => {
      const k = c.match(/\d$/) ? Number(c.at(-1)) + shift[letter] : out[letter].test(c) ? L : L === 2 && hidden[letter].test(c) ? 1 : NaN;
      return Number.isNaN(k) ? "" : `${letter}${k}`;
    };
    const kinds = [
      [new RegExp(`^(?:delta|d(?:[lejc]|loss|cost)?d?z|gradz|d)\\d$`), (c) => layer("delta", c)],
      [new RegExp(`^(?:${D})(?:w|weights?)(?:\\d|o|out|output|h|hidden)$`), (c) => `d${layer("W", c.replace(new RegExp(`^(?:${D})(?=w)`), "").replace("eights", "").replace("eight", ""))}`],
      [new RegExp(`^(?:${D})(?:b|bias(?:es)?)(?:\\d|o|out|output|h|hidden)$`), (c) => `d${layer("b", c.replace(new RegExp(`^(?:${D})(?=b)`), "").replace(/ias(?:es)?/, ""))}`],
      [/^(?:w|weights?)\d$/, (c) => layer("W", c)],
      [/^(?:b|bias(?:es)?)\d$/, (c) => layer("b", c)],
      [/^z\d$/, (c) => layer("z", c)],
      [/^(?:a|h|hidden|layer)\d$/, (c) => (c.at(-1) === "0" ? "x" : layer("a", c))],
      [/^(?:x|inputs?|data|features)$/, () => "x"],
      [/^(?:t|targets?|labels?|y_?true|yonehot|onehot|desired)$/, () => "t"],
      [/^y$/, () => (yIsOut ? `a${L}` : "t")],
      [/^(?:n|m|batchsize|bs|n?samples|n?examples|numexamples|numsamples)$/, () => "N"],
    ];
    const known = new Set([...form.given, ...form.lines]);
    return (name) => {
      if (known.has(name) && !(/^(?:delta|d?[Wb])\d$/.test(name) && shift[name.match(/delta|[Wb]/)[0]])) return name;
      const c = plain(name).replaceAll("_", "").toLowerCase();
      for (const [kind, meant] of kinds) if (kind.test(c)) return known.has(meant(c)) ? meant(c) : "";
      return /\d/.test(c) ? "" : ["delta", "W", "b", "z", "a"].map((letter) => layer(letter, c)).find((meant) => known.has(meant)) ?? "";
    };
  };

  // What a pasted text makes of a form: formulas for its lines, why some cannot be read, and how many of the values in play it makes too.
  const read = (text, form) => {
    text = plain(text)
      .replace(/np\.eye\([^()]*\)\[([^\][]*)\]|(?<!def )\b(?:one_?hot|to_categorical)\(\s*([^(),]+)(?:,[^()]*)?\)/gi, "$1$2") // t is one-hot
      .replace(/,\s*(?:copy|dtype)\s*=\s*[\w.]+/g, "").replace(/\bnp\.(?:float|int)\d*(?=\()/g, "");
    const list = statements(text), own = functionsIn(list, text), todo = assignments(list);
    const goal = ({ target }) => (target.match(PATH)?.[0].length === target.length && !named(target).rest ? named(target).name : "");
    const meaning = meanings(form, text, todo.map(goal));
    const world = scope(Object.fromEntries([...form.given, ...form.lines].map((name) => [name, form.reader(name)])));
    const inPlay = new Map(), result = { found: {}, notes: {}, agree: 0, other: [], names: {} };
    const evaluated = (formula) => {
      try {
        return evaluate(formula, world);
      } catch (error) {
        if (!(error instanceof Complaint)) throw error;
        if (error.kind === "name") unheard(error.name);
        if (error.kind === "syntax") unreadable(error.message);
        return null; // the shapes do not fit, which the line that uses it will hear
      }
    };
    const same = (one, other) => one && String(one.shape) === String(other.shape) && one.data.every((x, k) => Math.abs(x - other.data[k]) <= ROUNDING * largest(other));

    const value = (name, bound) => {
      if (Object.hasOwn(bound, name)) return wrapped(bound[name]);
      if (inPlay.has(name)) {
        const { formula, why, source } = inPlay.get(name);
        return why ? unreadable(`It uses ${name}, which comes from a line that cannot be read here: ${source}`) : wrapped(formula);
      }
      const meant = meaning(name);
      if (meant && meant !== name) result.names[name] = meant;
      return meant || (/^(?:lr|learning_?rate|eta|alpha|step_?size)$/i.test(name) ? "0.1" : name);
    };
    const inlined = (name, values, depth) => {
      const { parameters, locals, formula } = own.get(name), bound = Object.fromEntries(parameters.map((p, k) => [p, values[k] ?? "None"]));
      if (depth > 9) unreadable(`It uses ${name}, which calls itself.`);
      for (const [local, its] of locals) bound[local] = rewritten(its, bound, depth + 1);
      return wrapped(rewritten(formula, bound, depth + 1));
    };
    const rewritten = (formula, bound = {}, depth = 0) => {
      let done = "", from = 0;
      for (const { 0: path, index } of formula.matchAll(PATH)) {
        if (index < from) continue;
        const { name, rest } = named(path), end = index + path.length, called = !rest && /^\s*\(/.test(formula.slice(end));
        done += formula.slice(from, index);
        from = end;
        if (MODULES.includes(path.split(".")[0])) {
          const [, ...rest] = path.split(".");
          if (!functions.includes(rest.join(".")) && !["newaxis", "float32", "float64", "int64"].includes(rest.join("."))) unheard(rest.join("."));
          done += `np.${rest.join(".")}`;
        }
        else if (called && own.has(name)) {
          const open = formula.indexOf("(", end), { at } = pieces(formula.slice(open)).find(({ depth }, k) => k && !depth) ?? unreadable("A bracket is not closed.");
          done += inlined(name, commas(formula.slice(open + 1, open + at)).map((part) => rewritten(part, bound, depth)), depth);
          from = open + at + 1;
        } else if (called) done += { expit: "sigmoid", float: "", int: "" }[name] ?? (functions.includes(name) ? name : unheard(name));
        else done += (/^(?:axis|keepdims|None|True|False|float)$/.test(name) ? name : value(name, bound)) + rest;
      }
      return done + formula.slice(from);
    };
    // A function with the name and the values of the page's own is the page's own.
    for (const name of [...own.keys()].filter((name) => functions.includes(name))) {
      const sample = form.given.filter((given) => /^z\d$/.test(given)).at(-1);
      try {
        if (sample && same(evaluated(inlined(name, [sample], 0)), evaluated(`${name}(${sample})`))) own.delete(name);
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        own.delete(name);
      }
    }

    const changed = (before, { target, op, formula }, index) => { // x += …, x[z < 0] = 0, x[range(n), labels] -= 1
      const now = op ? `${before()} ${op} ${wrapped(formula)}` : formula;
      if (!index) return now;
      if (/^(?:np\.)?a?range\s*\(/.test(commas(index).find((part) => /range/.test(part)) ?? "") && /^[-+]$/.test(op)) return `${before()} ${op} ${formula === "1" ? "" : `${wrapped(formula)} * `}t`;
      if (/[<>=]/.test(index)) return `np.where(${rewritten(index)}, ${now}, ${before()})`;
      return unreadable(`It changes ${target}, a part of an array.`);
    };
    const goals = todo.map(({ target }) => (goal({ target }) ? { name: goal({ target }) } : masked(target)));
    const lineAt = linesAt(todo, goals, meaning, form);
    todo.forEach(({ target, op, formula, why }, k) => {
      const { name, index } = goals[k];
      if (!name) return;
      const meant = lineAt.get(k) ?? meaning(name), line = form.lines.includes(meant), final = lineAt.has(k);
      const before = () => (inPlay.has(name) || !line ? wrapped(value(name, {})) : /^[-+]$/.test(op) ? "" : unreadable(`It changes ${name}, of which nothing is known before.`));
      let typed = formula;
      try {
        if (why) unreadable(why);
        typed = changed(before, { target, op, formula: rewritten(formula) }, index).replace(/^ \+ /, "").trim();
        const made = evaluated(typed);
        if (line && final) result.found[meant] = typed;
        const inItsPlace = meant && !line && /^[az]/.test(meant) && !op && !index; // of the forward pass, which is not on trial
        if (inItsPlace) same(made, form.reader(meant)) ? result.agree++ : result.other.push([name, meant]);
        inPlay.set(name, { formula: (line && final) || inItsPlace || (meant && !line && same(made, form.reader(meant))) ? meant : typed });
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        if (line && final) (result.found[meant] = op || index ? `${target} ${op}= ${formula}` : typed), (result.notes[meant] = error.message);
        if (meant && (final || !line)) inPlay.set(name, { formula: meant });
        else inPlay.set(name, { why: error.message, source: `${target} ${op}= ${formula}` });
      }
    });
    return result;
  };
  // Which assignment is the last word on which line. A delta without a name that is known is what its dW and db are made of.
  const linesAt = (todo, goals, meaning, form) => {
    const last = new Map(), namesIn = (k) => (k === undefined ? [] : [...todo[k].formula.matchAll(PATH)].map(([path]) => named(path).name));
    goals.forEach(({ name, index }, k) => {
      const meant = name && meaning(name), restated = todo[k].formula.match(PATH)?.[0] === todo[k].formula && meaning(named(todo[k].formula).name) === meant;
      if (form.lines.includes(meant) && !restated) last.set(meant, k);
    });
    const found = new Map([...last].map(([meant, k]) => [k, meant]));
    for (const line of form.lines.filter((line) => /^delta/.test(line) && !last.has(line))) {
      const [dW, db] = ["dW", "db"].map((letters) => last.get(line.replace("delta", letters)));
      const candidates = [...new Set(namesIn(dW))].filter((name) => !meaning(name) && goals.some((goal, k) => goal.name === name && k < dW) && (db === undefined || namesIn(db).includes(name)));
      const k = goals.findLastIndex(({ name }, k) => k < dW && candidates.length === 1 && name === candidates[0]);
      if (k >= 0 && !found.has(k)) found.set(k, line);
    }
    return found;
  };
  const masked = (target) => {
    const [, path, index] = target.match(/^(.*?)\[(.*)\]$/s) ?? [];
    return path && path.match(PATH)?.[0].length === path.length && /[<>=(]/.test(index) ? { name: named(path).name, index } : {};
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

  const feedback = ({ status, sentence, at }, tries, { hint, right } = {}, typed = "", before = "") => {
    const parts = [element("p", {}, element("strong", {}, status === "right" ? "Right. " : before), ...words(sentence))];
    if (at !== undefined && typed) parts.push(element("pre", { tabIndex: 0, role: "group", ariaLabel: "Where it stops" }, `${plain(typed)}\n${" ".repeat(at)}^`));
    if (status === "wrong" && tries > 1 && hint) parts.push(element("p", {}, element("strong", {}, "Hint: "), ...words(hint)));
    if (status === "wrong" && tries > 2) parts.push(element("p", {}, element("strong", {}, "The answer: "), element("code", {}, right)));
    return parts;
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
      said.replaceChildren(...feedback({ status: right ? "right" : "wrong", sentence: spec.options[k][1] }, kept.tries.chosen, { hint: spec.hint, right: spec.options[spec.right][0] }));
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
      const filled = [], judged = [];
      for (const [name, { input, mark }] of fields) {
        const typed = input.value, note = kept.notes?.[name];
        mark.textContent = "";
        input.removeAttribute("aria-invalid");
        if (!typed.trim()) continue;
        const verdict = note?.typed === typed ? { status: "unread", sentence: note.why } : form.judge(name, typed);
        if (verdict.status === "wrong" && kept.last[name] !== typed) kept.tries[name] = (kept.tries[name] ?? 0) + 1;
        kept.last[name] = typed;
        mark.textContent = { right: "✓ right", wrong: "✗ wrong", unread: "? not read" }[verdict.status];
        if (verdict.status !== "right") input.setAttribute("aria-invalid", "true");
        filled.push([name, typed]);
        judged.push({ name, typed, verdict });
      }
      save();
      const [wrong, unread] = ["wrong", "unread"].map((status) => judged.find(({ verdict }) => verdict.status === status));
      const told = ({ name, typed, verdict }, before) => feedback(verdict, kept.tries[name], { ...form.rule(name), right: form.answer(name) }, typed, single ? "" : before);
      const parts = [], aside = wrong && !unread && comesOutRight(filled);
      if (unread) parts.push(...told(unread, `${unread.name} cannot be read, and is not judged. `));
      if (unread && !single) parts.push(element("p", {}, !wrong && judged.some(({ verdict }) => verdict.status === "right") ? "What could be read is right. " : "", "In a kernel, ", element("code", {}, "nnlib.diagnose_function"), " takes whole functions, whatever is in them."));
      if (aside) parts.push(element("p", {}, element("strong", {}, "The gradients come out right. "), `But your ${wrong.name} is another one than here.`));
      if (wrong) parts.push(...told(wrong, aside ? "" : `The first wrong line is ${wrong.name}. `));
      if (wrong && !aside && filled.length > 2) parts.push(...otherwise(filled).map((text) => element("p", {}, `${text}, all these lines would be right.`)));
      if (!wrong && !unread && filled.length === fields.size) parts.push(...feedback({ status: "right", sentence: form.lines.map((name) => form.rule(name).because ?? "").filter(Boolean).join(" ") }));
      else if (!wrong && !unread) parts.push(element("p", {}, filled.length ? "Right so far." : NOTHING));
      said.replaceChildren(...parts);
      if (unread?.verdict.at !== undefined) {
        const { input } = fields.get(unread.name), at = unread.typed === plain(unread.typed) ? unread.verdict.at : unread.typed.length;
        input.focus();
        input.setSelectionRange(at, at + 1);
      }
      if (spec.code && filled.length) show();
    };

    // Whether one line makes good what another one lacks.
    const comesOutRight = (filled) => {
      const own = scope({ ...Object.fromEntries(form.given.map((name) => [name, form.reader(name)])), ...Object.fromEntries(filled) });
      const gradients = filled.map(([name]) => name).filter((name) => /^d[Wb]\d$/.test(name));
      return gradients.length > 0 && gradients.every((name) => {
        try {
          return form.comesOut(name, own.get(name));
        } catch (error) {
          if (!(error instanceof Complaint)) throw error;
          return false;
        }
      });
    };

    // The choices of another kind under which everything that was typed is right.
    const lists = Object.entries(spec.choices ?? {});
    const vary = (chosen, varied) => lists.reduce((settings, [label, options]) =>
      varied(options) ? settings.flatMap((setting) => options.map(([text]) => ({ ...setting, [label]: text }))) : settings, [chosen]);
    const brings = (options, key) => options.some(([, option]) => option[key]);
    const differing = (setting) => lists.filter(([label, [[first]]]) => setting[label] !== (kept.chosen[label] ?? first)).map(([label]) => label);
    const fewestFirst = (settings) => settings.sort((one, other) => differing(one).length - differing(other).length);
    const chosenNow = () => Object.fromEntries(lists.map(([label, [[first]]]) => [label, kept.chosen[label] ?? first]));
    const otherwise = (filled) => fewestFirst(vary(chosenNow(), (options) => !brings(options, "lines")))
      .filter((setting) => { const other = caseOf(spec, setting); return filled.every(([name, typed]) => other.judge(name, typed).status === "right"); })
      .slice(0, 1).map((setting) => `With ${inWords(setting)}`);
    const inWords = (setting) => differing(setting).map((label) => `“${label} ${setting[label]}”`).join(" and ");

    // The same for a kernel: the reader's lines in a function for nnlib.
    const show = () => {
      const typed = [...fields].map(([name, { input: { value } }]) => {
        if (kept.notes?.[name]?.typed === value) return `${name} = ...  # as in your own code`;
        return `${name} = ${value.trim() ? inNumpy(value.trim()) : "..."}`;
      });
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

    // Pasted code is read with each layout and size, and then with each activation that its forward pass may have; the reader's choice goes first.
    const bestReading = (text) => {
      let best = null;
      const attempt = (setting, points) => {
        const form = caseOf(spec, setting), reading = read(text, form);
        const right = Object.entries(reading.found).filter(([name, typed]) => !reading.notes[name] && form.judge(name, typed).status === "right").length;
        const score = points(reading, right);
        if (!best || score > best.score) best = { score, setting, reading };
      };
      for (const setting of fewestFirst(vary(chosenNow(), (options) => brings(options, "lines") || !brings(options, "names")))) attempt(setting, ({ agree }, right) => agree + right);
      best.score = -Infinity;
      for (const setting of fewestFirst(vary(best.setting, (options) => brings(options, "names") && !brings(options, "lines")))) attempt(setting, ({ agree }, right) => 100 * agree - 10 * differing(setting).length + right);
      return best;
    };
    const paste = single ? [] : [pasting((text) => {
      const { setting, reading: { found, notes, other, names } } = bestReading(text), changes = inWords(setting);
      const count = Object.keys(found).length;
      if (count) {
        Object.assign(kept, { chosen: setting, typed: found, tries: {}, last: {}, notes: Object.fromEntries(Object.entries(notes).map(([name, why]) => [name, { typed: found[name], why }])) });
        for (const select of box.querySelectorAll("select")) select.value = setting[select.parentElement.firstChild.data];
      }
      save();
      build();
      if (!count) return said.replaceChildren(element("p", {}, `No line was found. A line is written ${form.lines[0]} = …; the lines here are ${form.lines.join(", ")}.`));
      check();
      const read = Object.entries(names).map(([theirs, ours]) => `${theirs} is ${ours}`).join(", ");
      const remarks = [changes && `Read with ${changes}.`, read && `In your code ${read}.`, ...other.map(([theirs, ours]) => `Your ${theirs} is not the ${ours} in play: the forward pass is another one than chosen above. The lines are judged with ${ours} in its place.`)];
      said.prepend(...remarks.filter(Boolean).map((text) => element("p", {}, text)));
      said.scrollIntoView({ block: "nearest" });
    })];
    build();
    box.append(element("form", { onsubmit: (event) => (event.preventDefault(), check()) }, ...selects, ...paste, place, buttons(clear), said, code));
    if (Object.values(kept.typed).some((typed) => typed?.trim())) check();
  };

  const pasting = (use) => {
    const area = element("textarea", { rows: 6, spellcheck: false, autocapitalize: "off", autocomplete: "off" });
    return element("details", { className: "ask-paste" }, element("summary", {}, "Paste all lines at once"),
      element("label", {}, "Your lines, one below the other", area),
      element("button", { type: "button", onclick: () => use(area.value) }, "Put them in and check"));
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
  globalThis.ask = { evaluate, scope, caseOf, read, array };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
})();
