"""Backward passes as people paste them into a page, each in conventions of its own, and what the page is to say.

An entry: its style, the choices that the reader has made before, the text, and what is expected: "right"; the first
wrong line with the name of the mistake, if it has one; or the lines that cannot be read, with words of the reason.
"""

# ruff: noqa: E501

COURSE = """
def backward_propagation(parameters, cache, X, Y):
    \"\"\"
    Implement the backward propagation.
    \"\"\"
    m = X.shape[1]

    # First, retrieve W1 and W2 from the dictionary "parameters".
    W1 = parameters["W1"]
    W2 = parameters["W2"]
    A1 = cache["A1"]
    A2 = cache["A2"]

    dZ2 = A2 - Y
    dW2 = 1/m * np.dot(dZ2, A1.T)
    db2 = 1/m * np.sum(dZ2, axis=1, keepdims=True)
    dZ1 = np.dot(W2.T, dZ2) * (1 - np.power(A1, 2))
    dW1 = 1/m * np.dot(dZ1, X.T)
    db1 = 1/m * np.sum(dZ1, axis=1, keepdims=True)

    grads = {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
    return grads
"""

CLASS = """
class TwoLayerNet:
    def __init__(self, n_in, n_hidden, n_out):
        self.W1 = 0.01 * np.random.randn(n_in, n_hidden)
        self.b1 = np.zeros((1, n_hidden))

    def loss(self, X, y, reg=0.0):
        W1, b1 = self.params['W1'], self.params['b1']
        W2, b2 = self.params['W2'], self.params['b2']
        N, D = X.shape

        hidden = np.maximum(0, X.dot(W1) + b1)
        scores = hidden.dot(W2) + b2
        exp_scores = np.exp(scores - np.max(scores, axis=1, keepdims=True))
        probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)

        grads = {}
        dscores = probs
        dscores[range(N), y] -= 1
        dscores /= N
        grads['W2'] = hidden.T.dot(dscores)
        grads['b2'] = np.sum(dscores, axis=0)
        dhidden = dscores.dot(W2.T)
        dhidden[hidden <= 0] = 0
        grads['W1'] = X.T.dot(dhidden)
        grads['b1'] = np.sum(dhidden, axis=0)
        return loss, grads
"""

SCRIPT = """
import numpy as np

def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))

def sigmoid_prime(z):
    s = sigmoid(z)
    return s * (1 - s)

for epoch in range(10000):
    # forward
    z1 = X @ W1 + b1
    a1 = sigmoid(z1)
    z2 = a1 @ W2 + b2
    y_hat = sigmoid(z2)
    loss = np.mean((y_hat - y) ** 2)

    # backward
    delta2 = (y_hat - y) / len(X) * sigmoid_prime(z2)
    dW2 = a1.T @ delta2
    db2 = delta2.sum(0)
    delta1 = (delta2 @ W2.T) * sigmoid_prime(z1)
    dW1 = X.T @ delta1
    db1 = delta1.sum(0)

    W1 -= lr * dW1
    b1 -= lr * db1
    W2 -= lr * dW2
    b2 -= lr * db2
    if epoch % 1000 == 0:
        print(f"epoch {epoch}: {loss:.4f}")
"""

LATE = """
# Backpropagation
delta3 = probs
delta3[range(num_examples), y] -= 1
dW2 = (a1.T).dot(delta3)
db2 = np.sum(delta3, axis=0, keepdims=True)
delta2 = delta3.dot(W2.T) * (1 - np.power(a1, 2))
dW1 = np.dot(X.T, delta2)
db1 = np.sum(delta2, axis=0)
"""

TYPED = """
def grad(x: np.ndarray, t: np.ndarray, p: Params) -> tuple[np.ndarray, ...]:
    n: int = len(x)
    delta2: np.ndarray = (a2 - t) / n
    dW2: np.ndarray = np.matmul(delta2.T, a1); db2: np.ndarray = delta2.sum(axis=0)
    back = delta2 @ p.W2
    delta1: np.ndarray = np.multiply(back, np.subtract(1, np.square(a1)))
    dW1, db1 = delta1.T @ x, delta1.sum(axis=0)
    return dW1, db1, dW2, db2
"""

LOOP = """
def backprop(X, T):
    dW1 = np.zeros_like(W1); db1 = np.zeros_like(b1)
    dW2 = np.zeros_like(W2); db2 = np.zeros_like(b2)
    for i in range(len(X)):
        d2 = (a2[i] - T[i]) / len(X)
        dW2 += np.outer(d2, a1[i])
        db2 += d2
        d1 = W2.T @ d2 * (1 - a1[i] ** 2)
        dW1 += np.outer(d1, X[i])
        db1 += d1
    return dW1, db1, dW2, db2
"""

EINSUM = """
delta2 = (a2 - t) / N
dW2 = np.einsum('no,ni->oi', delta2, a1)
db2 = delta2.sum(axis=0)
delta1 = np.einsum('no,oi->ni', delta2, W2) * (1 - a1**2)
dW1 = delta1.T @ x
db1 = delta1.mean(axis=0)
"""

LAMBDA = """
relu_grad = lambda z: (z > 0).astype(float)
dL_dz2 = (a2 - y) / m
dL_dW2 = dL_dz2.T @ h
dL_db2 = dL_dz2.sum(0)
dL_dh = dL_dz2 @ W2
dL_dz1 = dL_dh * relu_grad(z1)
dL_dW1 = dL_dz1.T @ X
dL_db1 = dL_dz1.sum(0)
"""

STEPPED = """
delta2 = (a2 - t) / N
W2 -= learning_rate * (delta2.T @ a1)
delta1 = (delta2 @ W2) * (1 - a1 ** 2)
dW1 = delta1.T @ x
"""

GREEK = """
δ₂ = (a₂ - t) / N
dW₂ = δ₂.T @ a₁
db₂ = δ₂.sum(0)
δ₁ = (δ₂ @ W₂) * σ(z₁) * (1 - σ(z₁))
dW₁ = δ₁.T @ x
db₁ = δ₁.sum(0)
"""

DEEP = """
dz3 = (a3 - t) / N
dW3 = dz3.T @ a2
db3 = dz3.sum(axis=0)
da2 = dz3 @ W3
dz2 = da2 * (1 - a2**2)
dW2 = dz2.T @ a1
db2 = dz2.sum(axis=0)
da1 = dz2 @ W2
dz1 = da1 * (1 - a1**2)
dW1 = dz1.T @ x
db1 = dz1.sum(axis=0)
"""

ZERO = """
def backward(self, X, y):
    self.output_delta = (self.output - y) / X.shape[0]
    self.hidden_delta = self.output_delta.dot(self.W1.T) * (1 - self.hidden ** 2)
    self.dW1 = self.hidden.T.dot(self.output_delta)
    self.dW0 = X.T.dot(self.hidden_delta)
"""

OWN = """
dz2 = (a2 - t) / N
dW2 = dz2.T @ a1
dz1 = (dz2 @ W2) * tanh_derivative(a1)
dW1 = dz1.T @ x
db1 = my_sum(dz1)
"""

MATLAB = """
delta2 = (a2 - t) / N
dW2 = delta2' * a1
db2 = delta2.sum(axis=0)
"""

BACKSLASH = """
>>> delta2 = (a2 - t) \\
...     / N
>>> dW2 = np.dot(
...     delta2.transpose(),  # (3, 7)
...     a1,                  # (7, 5)
... )
>>> db2 = np.sum(delta2, 0).reshape(-1)
>>> delta1 = np.where(z1 > 0, delta2 @ W2, 0)
>>> dW1 = delta1.T @ x
>>> db1 = np.squeeze(np.ones((1, 7)) @ delta1)
"""

GATED = """
dlogits = (probs - onehot) / batch_size
dW2 = dlogits.T @ h
db2 = dlogits.sum(axis=0)
dh = dlogits @ W2
dh[h > 0] = 1
dz1 = dh
dW1 = dz1.T @ inputs
"""

LEAKY = """
def dtanh(a):
    return 1 - np.tanh(a)**2

dz2 = (a2 - t)/N
dW2 = dz2.T.dot(a1)
db2 = dz2.sum(axis=0)
dz1 = dz2.dot(W2) * dtanh(a1)
dW1 = dz1.T.dot(x)
db1 = dz1.sum(axis=0)
"""

LOGISTIC = """
dz2 = a2 - y
dW2 = dz2.T @ a1 / m
db2 = dz2.mean(axis=0)
dz1 = dz2 @ W2 * a1 * (1 - a1)
dW1 = dz1.T @ X / m
db1 = dz1.sum(axis=0) / m / m
"""

PRINTED = """
dW2 = delta2.T @ a1
print(dW2.shape)
assert dW2.shape == W2.shape
db2 = delta2.sum(axis=1)
"""

SIGNED = """
error = t - a2
delta2 = error / N
dW2 = -delta2.T @ a1
db2 = -delta2.sum(0)
"""

REUSED = """
delta = (a2 - y) / n
grads['dW2'] = delta.T @ a1
grads['db2'] = delta.sum(axis=0)
delta = delta @ W2
delta *= 1 - a1**2
grads['dW1'] = delta.T @ X
grads['db1'] = delta.sum(axis=0)
"""

DIGITS = """
def ReLU_deriv(Z):
    return Z > 0

def backward_prop(Z1, A1, Z2, A2, W1, W2, X, Y):
    one_hot_Y = one_hot(Y)
    dZ2 = A2 - one_hot_Y
    dW2 = 1 / m * dZ2.dot(A1.T)
    db2 = 1 / m * np.sum(dZ2, 1)
    dZ1 = W2.T.dot(dZ2) * np.int64(ReLU_deriv(Z1))
    dW1 = 1 / m * dZ1.dot(X.T)
    db1 = 1 / m * np.sum(dZ1)
    return dW1, db1, dW2, db2
"""

TRAINED = """
for j in range(60000):
    l2_error = y - nonlin(np.dot(l1, syn1))
    l2_delta = l2_error * nonlin(l2, deriv=True)
    syn1 += l1.T.dot(l2_delta)
"""

TANH, SIGMOID, RELU = ({"Hidden activation": name} for name in ("tanh", "sigmoid", "relu"))
HALF = {"Output and loss": "sigmoid, half the squared error"}

PASTED = [
    ("a course's dictionaries, columns", TANH, COURSE, "right"),
    ("its slope with another sign", TANH, COURSE.replace("1 - np.power", "1 + np.power"), ("delta1", "slope_sign")),
    ("its dW for its W", TANH, COURSE.replace("np.dot(W2.T, dZ2)", "np.dot(dW2.T, dZ2)"), ("delta1", "dW_instead_of_W")),
    ("its bias summed over everything", TANH, COURSE.replace("1/m * np.sum(dZ1, axis=1, keepdims=True)", "1/m * np.sum(dZ1)"), ("db1", "bias_sum_all")),
    ("a class, class numbers, masks", TANH, CLASS, "right"),
    ("its gate forgotten", RELU, CLASS.replace("dhidden[hidden <= 0] = 0", "pass"), ("delta1", "missing_activation_derivative")),
    ("its class numbers forgotten", RELU, CLASS.replace("dscores[range(N), y] -= 1", ""), ("delta2", None)),
    ("a script with a training loop", HALF, SCRIPT, "right"),
    ("its slope at a", HALF, SCRIPT.replace("sigmoid_prime(z1)", "sigmoid_prime(a1)"), ("delta1", "derivative_at_a")),
    ("its last slope forgotten", HALF, SCRIPT.replace(" * sigmoid_prime(z2)", ""), ("delta2", "missing_output_derivative")),
    ("deltas numbered from 2, no 1/N", TANH, LATE, ("delta2", "missing_1/N")),
    ("deltas numbered from 2", TANH, LATE + "dW2 /= N; db2 /= N; dW1 /= N; db1 /= N", "right"),
    ("type hints and semicolons", TANH, TYPED, "right"),
    ("a loop over examples", TANH, LOOP, {"dW1": "in a loop", "db1": "in a loop", "dW2": "in a loop", "db2": "in a loop"}),
    ("einsum", TANH, EINSUM, {"dW2": "It uses einsum", "delta1": "It uses einsum"}),
    ("a slope of its own, in a lambda", RELU, LAMBDA, "right"),
    ("all with dL", RELU, LAMBDA.replace("dL_dz1.sum(0)", "dL_dz1.mean(0)"), ("db1", "bias_mean")),
    ("stepped before it went back", TANH, STEPPED, ("delta1", "stale_W")),
    ("Greek letters", SIGMOID, GREEK, "right"),
    ("three layers", TANH, DEEP, "right"),
    ("three layers, a slope in between forgotten", TANH, DEEP.replace("da1 = dz2 @ W2", "da1 = da2 @ W2"), ("delta1", "way_back_without_slope")),
    ("numbered from 0", TANH, ZERO, "right"),
    ("numbered from 0, with the input where the hidden layer belongs", TANH, ZERO.replace("self.hidden.T", "self.output.T"), ("dW2", "a_off_by_one")),
    ("its forward pass is another", TANH, SCRIPT.replace("1.0 + np.exp", "1.0 - np.exp"), {"": "is not the a1 in play"}),
    ("functions that are not shown", TANH, OWN, {"delta1": "It uses tanh_derivative", "db1": "It uses my_sum"}),
    ("another language", TANH, MATLAB, {"dW2": "A transpose is .T."}),
    ("a session, with lines broken", RELU, BACKSLASH, {"db1": "It uses ones"}),
    ("a gate that lets 1 pass", RELU, GATED, ("delta1", None)),
    ("tanh of tanh", TANH, LEAKY, ("delta1", "derivative_at_a")),
    ("1/m once too often", SIGMOID, LOGISTIC, ("db1", "bias_mean")),
    ("the sign in another place", TANH, SIGNED, {"": "The gradients come out right. But your delta2 is another one than here."}),
    ("one delta for all layers", TANH, REUSED, "right"),
    ("its slope forgotten", TANH, REUSED.replace("delta *= 1 - a1**2", ""), ("delta1", "missing_activation_derivative")),
    ("class numbers made one-hot", RELU, DIGITS, ("db1", "bias_sum_all")),
    ("weights of other names", TANH, TRAINED, {"": "No line was found."}),
    ("other lines in between", TANH, PRINTED, ("db2", "bias_wrong_axis")),
]  # fmt: skip
