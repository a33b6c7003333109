"""One change to a traced program before XLA sees it: small products of a turned matrix are done the other way round.

The gradient of a weight is ``inputs.T @ doutput``. XLA's processor backend (jaxlib 0.10) folds the turning into the
product, and is slow at that where the product is small or narrow. So the narrower of the two factors is turned and laid
out in memory first: ``(doutput.T @ inputs).T`` where the layer has fewer outputs than inputs. 64 x 300 by 300 x 3 takes
2 us instead of 30, 2048 x 256 by 256 x 10 100 us instead of 436. Large products gain nothing and stay as they are; of
those with many columns a result that comes out turned costs the update more than the product gains (256 x 256: 336 us a
step instead of 230). The layers go on saying what they mean; only their trace changes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_PLAIN = (((1,), (0,)), ((), ()))  # rows of the left factor with columns of the right one
_FEW_ROWS, _FEW_COLUMNS = 256, 64  # of the product, where the turned factor is the narrower one, and where it is not


def laid_out(jax: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` of trees of arrays, with the turned left factor of every small matrix product copied before the product.

    Where a release of JAX traces otherwise than is expected here, `function` as it is: slower, and the same.
    """

    def changed(*arguments: Any) -> Any:
        leaves, shape = jax.tree.flatten(arguments)
        result_shape = []

        def flat(*leaves: Any) -> Any:
            results, tree = jax.tree.flatten(function(*jax.tree.unflatten(shape, leaves)))
            result_shape.append(tree)
            return results

        traced = jax.make_jaxpr(flat)(*leaves)  # what a user's layer does wrong is said here
        try:
            results = _evaluate(jax, traced, leaves)
        except Exception:
            return function(*arguments)
        return jax.tree.unflatten(result_shape[-1], results)

    return changed


def _evaluate(jax: Any, traced: Any, arguments: list[Any]) -> list[Any]:
    """Run a traced function's operations one by one, as JAX documents it for interpreters of one's own."""
    program = traced.jaxpr
    known: dict[Any, Any] = dict(zip(program.constvars, traced.consts, strict=True))
    known.update(zip(program.invars, arguments, strict=True))
    turned: dict[Any, Any] = {}  # from a turned matrix to the one that it was turned from

    def value(variable: Any) -> Any:
        return variable.val if isinstance(variable, jax.extend.core.Literal) else known[variable]

    for operation in program.eqns:
        inputs = [value(variable) for variable in operation.invars]
        if operation.primitive.name == "transpose" and operation.params["permutation"] == (1, 0):
            turned[operation.outvars[0]] = inputs[0]
        settings = operation.primitive.get_bind_params(operation.params)
        functions, settings = settings if isinstance(settings, tuple) else ((), settings)  # older releases: a pair

        def run(*inputs: Any, operation: Any = operation, functions: Any = functions, settings: Any = settings) -> Any:
            return operation.primitive.bind(*functions, *inputs, **settings)

        if _is_small_product(operation, turned):
            results = _product(jax, run, inputs, turned[operation.invars[0]])
        else:
            results = run(*inputs)
        known.update(
            zip(operation.outvars, results if operation.primitive.multiple_results else [results], strict=True)
        )
    return [value(variable) for variable in program.outvars]


def _is_small_product(operation: Any, turned: dict[Any, Any]) -> bool:
    """Whether `operation` multiplies a turned matrix with another, and the narrower of the two is narrow enough."""
    if operation.primitive.name != "dot_general" or operation.params["dimension_numbers"] != _PLAIN:
        return False
    rows, columns = operation.outvars[0].aval.shape
    try:
        return operation.invars[0] in turned and (rows <= _FEW_ROWS if rows < columns else columns <= _FEW_COLUMNS)
    except TypeError:  # a literal cannot be looked up
        return False


def _product(jax: Any, multiply: Callable[..., Any], inputs: list[Any], unturned: Any) -> Any:
    """The same product with the narrower factor turned in memory, which the barriers keep XLA from folding back."""
    kept = jax.lax.optimization_barrier
    left, right = inputs
    if left.shape[0] < right.shape[1]:
        return multiply(kept(left), right)
    return kept(multiply(kept(right.T), unturned)).T
