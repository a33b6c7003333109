"""The same training loop written by hand in JAX, for one network and nothing else: what the compiled engine is held to.

No layers, no checks, no history: pure functions, `jax.grad`, Adam over a list of arrays, several epochs as one program
with the rows gathered inside the step, and the next chunk's shuffles made on the host while the current chunk runs.
"""

from __future__ import annotations

import functools
import itertools
import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

CHUNK_SECONDS = 0.05


def contender(spec: dict[str, Any], data: Any, settings: tuple[float, float, float, float]) -> Any:
    """(turn, version), as in training_contenders.py; `settings`: rate, beta_1, beta_2, epsilon."""
    rate, beta_1, beta_2, epsilon = settings
    X, y = data(spec)
    rows, batch, dims = spec["rows"], spec["batch"], spec["dims"]
    rng, steps = np.random.default_rng(0), rows // batch

    def loss_of(params: Any, x: Any, labels: Any) -> Any:
        for weights, biases in params[:-1]:
            x = jax.nn.relu(x @ weights + biases)
        logits = x @ params[-1][0] + params[-1][1]
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1).mean()

    def step(carry: Any, rows: Any) -> Any:
        params, momentum, cache, t = carry
        loss, gradients = jax.value_and_grad(loss_of)(params, X_device[rows], y_device[rows])
        t = t + 1.0
        momentum = jax.tree.map(lambda m, g: beta_1 * m + (1 - beta_1) * g, momentum, gradients)
        cache = jax.tree.map(lambda c, g: beta_2 * c + (1 - beta_2) * g * g, cache, gradients)
        first, second = rate / (1 - beta_1**t), 1 / (1 - beta_2**t)
        params = jax.tree.map(lambda p, m, c: p - first * m / (jnp.sqrt(c * second) + epsilon), params, momentum, cache)
        return (params, momentum, cache, t), loss

    @functools.partial(jax.jit, donate_argnums=0)
    def chunk(carry: Any, orders: Any) -> Any:
        return jax.lax.scan(lambda carry, order: jax.lax.scan(step, carry, order), carry, orders)

    X_device, y_device = jax.device_put(X), jax.device_put(y.astype(np.int32))
    params = [
        (jnp.array(rng.standard_normal((a, b), dtype=np.float32) * np.float32(np.sqrt(2 / a))), jnp.zeros(b))
        for a, b in itertools.pairwise(dims)
    ]
    zeros = jax.tree.map(jnp.zeros_like, params)
    carry = (params, zeros, jax.tree.map(jnp.zeros_like, params), jnp.float32(0))
    shuffle = np.random.default_rng(1)
    size = sum(a * b for a, b in itertools.pairwise(dims))
    epochs = max(1, int(CHUNK_SECONDS / (steps * (6e-6 + 6 * batch * size / 60e9))))

    def orders(count: int) -> Any:
        return np.stack([shuffle.permutation(rows).astype(np.int32).reshape(steps, batch) for _ in range(count)])

    def turn(asked: int) -> dict[str, float]:
        nonlocal carry
        begin = time.perf_counter()
        left = asked // steps
        next_orders = orders(min(epochs, left))
        while left:
            carry, losses = chunk(carry, next_orders)
            left -= len(next_orders)
            next_orders = orders(min(epochs, left)) if left else None
        last = float(losses[-1, -1])
        return {"seconds": (time.perf_counter() - begin) / asked, "loss": last}

    return turn, f"jax {jax.__version__}, by hand"
