"""Compiles a kernel for other kernels: as code to be inlined, not to be run.

numba turns each function into machine code with a wrapper for Python, although a
function that other kernels call is linked into theirs, optimised there once more and
run nowhere else; two thirds of the time to compile went there. Here such a function
stays LLVM's intermediate code, and whatever Python calls is made ready once, as a
whole. What is computed does not change.

It follows numba's two ways to extend its compiler: a pipeline of one's own
(`pipeline_class`), and a library of one's own for what a pipeline compiles.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from numba import _dynfunc
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder, _LowerResult
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering


class _CalleeLibrary(JITCodeLibrary):  # type: ignore[misc]  # numba is untyped
    """Intermediate code that is linked into the callers' libraries."""

    def _optimize_final_module(self) -> None:
        """Leave it to the caller, which sees more of the code."""

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)
class _CalleeLowering(NativeLowering):  # type: ignore[misc]  # numba is untyped
    """numba's last pass, up to the intermediate code."""

    _name = "callee_lowering"

    def run_pass(self, state: Any) -> bool:
        context = state.targetctx
        name = state.func_id.func_qualname
        state.library = _CalleeLibrary(context.codegen(), name)
        state.flags.no_compile = True
        super().run_pass(state)
        lowered = state["cr"]
        # A caller finds the function by this object, which cannot be called.
        key = _dynfunc.make_function(
            lowered.fndesc.lookup_module(), name, "", 0, lowered.env, (state.library,)
        )
        context.insert_user_function(key, lowered.fndesc, [state.library])
        state["cr"] = _LowerResult(
            lowered.fndesc, lowered.call_helper, cfunc=key, env=lowered.env
        )
        return True


class _CalleeCompiler(CompilerBase):  # type: ignore[misc]  # numba is untyped
    """numba's pipeline with its last pass exchanged."""

    def define_pipelines(self) -> list[Any]:
        pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)
        pipeline.passes = [
            (_CalleeLowering if step is NativeLowering else step, description)
            for step, description in pipeline.passes
        ]
        pipeline.finalize()
        return [pipeline]


def compile_for_kernels(
    compiled: Any, function: Callable[..., Any], **options: Any
) -> None:
    """Let kernels that call `compiled` link `function` as intermediate code.

    Args:
        compiled: numba's dispatcher of `function`, which Python calls.
        function: Function in numba's nopython subset.
        options: Of numba's `njit`, those that `compiled` has but `cache`.
    """
    callee = numba.njit(
        pipeline_class=_CalleeCompiler,
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
        **options,
    )(function)
    compiled.get_call_template = callee.get_call_template
    compiled.get_overload = callee.get_overload
    add_overload = compiled.add_overload

    def add_with_environments(result: Any) -> None:
        """Give what was linked the objects that messages and prints are made with."""
        for environment in result._find_referenced_environments():
            result.library.codegen.set_env(environment.env_name, environment)
        add_overload(result)

    compiled.add_overload = add_with_environments
