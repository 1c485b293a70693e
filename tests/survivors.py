"""Edits that change nothing, each with the reason: the survivors of tests/test_mutations.py, by module."""

NO_BUGS = {
    "activations": {
        "sigmoid: e = np.exp(np.where(z.real <= 0, z, -z))": "at z = 0 both are 0",
        "sigmoid: return np.where(z.real <= 0, e, 1) / (1 + e)": "at z = 0 both are 1",
    },
    "losses": {
        "bce: log_p = np.log(np.where(t == 0, 2, p))": "it is multiplied by t, which is 0",
        "bce_grad: return ((1 - t) / np.where(t == 1, 2, 1 - p) - t / np.where(t == 0, 1, p)) / len(p)": "it divides 1 - t, which is 0",
        "bce_grad: return ((1 - t) / np.where(t == 1, 1, 1 - p) - t / np.where(t == 0, 2, p)) / len(p)": "it divides t, which is 0",
        "cross_entropy: return -(t * np.log(np.where(t == 0, 2, p))).sum() / len(p)": "it is multiplied by t, which is 0",
        "cross_entropy_grad: return -t / np.where(t == 0, 2, p) / len(p)": "it divides t, which is 0",
        "softmax_cross_entropy: z = z - z.max(axis=1, keepdims=True)": "two axes, so the last is axis 1",
        "softmax_cross_entropy: c = (e * (z == 0)).sum(axis=1, keepdims=True)": "two axes, so the last is axis 1",
        "softmax_cross_entropy: r = (e * (z != 0)).sum(axis=1, keepdims=True)": "two axes, so the last is axis 1",
    },
    "gradcheck": {
        "vjp_error: @promises(real=False, f=array_function, f_vjp=fitting_rule, args=arrays)": "`arrays` refuses complex arguments itself",
        "check_vjp: @promises(real=False, leave=as_it_is, f=array_function, f_vjp=rule, args=arrays)": "`arrays` refuses complex arguments itself",
        "check_vjp: left, right = sides[2]": "the slopes over half the step are as good",
        "check_vjp: bends = [(right - left) * STEPS[2] / h for h, (left, right) in zip(STEPS, sides)]": "half the bend is as far above rounding",
        "check_vjp: kinks = np.ptp(bends, axis=0) > 11 * rounding * size_of_f": "anywhere between rounding, which makes less than 1, and a kink",
    },
    "contracts": {
        "brief: if isinstance(value, int) and abs(value) >= sys.float_info.max:": "for the one number on the border either words will do",
        "sums_to_one.check: off = np.add.reduce(array, axis=-1, initial=1)": "what the quick look does not take is looked at again",
        "logits: if array.shape[-1] > 1 and (array.real >= 0).all() and (abs(array.real.sum(axis=1) - 1) < 1e-06).all():": "two axes, so the last is axis 1",
        "sums_to_one.check: if array.dtype.kind == 'f' and array.ndim == 2 and (np.minimum.reduce(array, axis=None) >= 1):": "what the quick look does not take is looked at again",
        "ordinary: n = len(shape) + 1": "what the quick look does not take is looked at again",
        "logits: if array.shape[-1] > 1 and (array.real >= 0).all() and (abs(array.real.sum(axis=-1) - 1) <= 1e-06).all():": "at exactly that distance either will do",
        "ordinary: width, total = (None, 1.0)": "only whether it is finite counts",
        "ordinary: n = len(shape) - len(dims) + 2": "what the quick look does not take is looked at again",
        "sums_to_one.check: if array.dtype.kind == 'f' and array.ndim != 2 and (np.minimum.reduce(array, axis=None) >= 0):": "what the quick look does not take is looked at again",
        "ordinary: n = 1": "what the quick look does not take is looked at again",
        "sums_to_one.check: if abs(sums[row] - 1) > slack[array.imag.dtype]:": "both parts have one width",
        "ordinary: if width is None or (array.dtype is not FLOAT64 and array.dtype is not FLOAT32):": "what the quick look does not take is looked at again",
        "ordinary: n = len(shape) - len(dims)": "what the quick look does not take is looked at again",
        "sums_to_one.check: sums = array.real.sum(axis=1).ravel()": "two axes, so the last is axis 1",
    },
    "arguments": {
        "is_ordinary: if type(W) is not np.ndarray or type(b) is not np.ndarray or W.shape != (m, n) or (m == 1):": "what the quick look does not take is looked at again",
        "is_ordinary: if type(x) is not np.ndarray or not x.size or width is not FLOAT64:": "what the quick look does not take is looked at again",
        "is_ordinary: if type(t) is np.ndarray or t.dtype is not width or t.shape != (N, n) or (not is_plain_and_finite(t)):": "what the quick look does not take is looked at again",
    },
}
