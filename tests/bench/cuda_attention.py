#!/usr/bin/env python3
"""Holds rill's linear attention over whole sequences against softmax attention on a GPU.

    tests/bench/cuda_attention.py LIBRARY [--frames N...] [--type bf16|float] [--heads H]

LIBRARY is librill_cuda_attention.so, of a build with CUDA. Prints one table: the causal
product forward and backward, PyTorch's scaled_dot_product_attention (is_causal) and softmax attention
written out, for heads of 64 dimensions, medians of CUDA's own clock. Queries and keys are positive
already, and the quotient num / den is left out: both are a fused operation before and after. First the
results are compared with a product in double precision; fails if they differ.

--device cpu times a library that is built against tests/kernels/cuda/on_host, to try this script.
"""
import argparse
import ctypes
import statistics
import sys
import time

import torch

DIM = 64


class Call(ctypes.Structure):
    """RillAttentionCall of kernels/cuda/attention_library.h."""
    _fields_ = [*((name, ctypes.c_int64) for name in ('batch', 'heads', 'frames')),
                ('is_bfloat16', ctypes.c_int32),
                *((name, ctypes.c_void_p) for name in (
                    'q', 'k', 'v', 'log_decay', 'chunk_end', 'z0', 'scratch', 'num', 'den',
                    'd_num', 'd_den', 'd_q', 'd_k', 'd_v', 'd_log_decay', 'd_z0'))]


class LinearAttention:
    """The library's functions on tensors of one size, in the paper's form: no decay, no chunks."""

    def __init__(self, library, q, k, v):
        library.rill_attention_scratch_bytes.restype = ctypes.c_size_t
        self.kernels = library
        self.num = torch.empty_like(q)
        self.den = torch.empty(q.shape[:3], dtype=torch.float32, device=q.device)
        self.gradients = [torch.empty_like(q) for _ in range(3)]
        self.tensors = dict(q=q, k=k, v=v, num=self.num, den=self.den,
                            **dict(zip(('d_q', 'd_k', 'd_v'), self.gradients)))
        self.arguments = Call(q.shape[0], q.shape[1], q.shape[2], q.dtype == torch.bfloat16)
        count = library.rill_attention_scratch_bytes(ctypes.byref(self.arguments), 1)
        self.tensors['scratch'] = torch.empty(count, dtype=torch.uint8, device=q.device)

    def call(self, function, **more):
        for name, tensor in {**self.tensors, **more}.items():
            setattr(self.arguments, name, tensor.data_ptr())
        error = function(ctypes.byref(self.arguments))
        if error != 0:
            raise RuntimeError(f'linear attention failed with CUDA error {error}')

    def forward(self):
        self.call(self.kernels.rill_attention_forward)
        return self.num, self.den

    def backward(self, d_num, d_den):
        self.call(self.kernels.rill_attention_backward, d_num=d_num, d_den=d_den)
        return self.gradients


def draw(generator, sizes, dtype, device):
    values = torch.randn(sizes, generator=generator, dtype=torch.float32)
    return values.to(dtype).to(device)


def draw_inputs(options, frames, device, dtype):
    generator = torch.Generator().manual_seed(frames)
    sizes = (1, options.heads, frames, DIM)
    q, k, v, d_num = (draw(generator, sizes, dtype, device) for _ in range(4))
    return q.abs(), k.abs(), v, d_num, draw(generator, sizes[:3], torch.float32, device)


def relative_error(actual, wanted):
    return ((actual.double() - wanted).abs().max() / wanted.abs().max()).item()


def check(library, options, frames, device, dtype):
    """The largest error of all results, each against the largest value of its own."""
    q, k, v, d_num, d_den = draw_inputs(options, frames, device, dtype)
    ours = LinearAttention(library, q, k, v)
    wide = [tensor.double().requires_grad_() for tensor in (q, k, v)]
    scores = (wide[0] @ wide[1].transpose(-1, -2)).tril()
    num, den = scores @ wide[2], scores.sum(-1)
    gradients = torch.autograd.grad((num * d_num.double()).sum() + (den * d_den.double()).sum(), wide)
    results = [*ours.forward(), *ours.backward(d_num, d_den)]
    return max(relative_error(a, b.detach()) for a, b in zip(results, [num, den, *gradients]))


def written_out(q, k, v):
    frames = q.shape[2]
    scores = (q @ k.transpose(-1, -2)) * DIM**-0.5
    future = torch.ones(frames, frames, dtype=torch.bool, device=q.device).triu(1)
    return scores.masked_fill(future, float('-inf')).softmax(-1) @ v


def scaled_dot_product(q, k, v):
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)


def median_ms(work, device):
    """Of as many runs as a second has, but 3 to 25."""
    def once():
        if device.type != 'cuda':
            begin = time.perf_counter()
            work()
            return 1000 * (time.perf_counter() - begin)
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        work()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end)
    once()
    runs = min(25, max(3, int(1000 / max(once(), 1e-3))))
    return statistics.median(once() for _ in range(runs))


def time_softmax(attention, q, k, v, d_out, device):
    """Milliseconds forward and backward; None if the device has not the memory for it."""
    try:
        with torch.no_grad():
            forward = median_ms(lambda: attention(q, k, v), device)
        inputs = [tensor.detach().requires_grad_() for tensor in (q, k, v)]
        out = attention(*inputs)
        backward = median_ms(
            lambda: torch.autograd.grad(out, inputs, d_out, retain_graph=True), device)
        return forward, backward
    except torch.OutOfMemoryError:
        return None
    finally:
        if device.type == 'cuda':
            torch.cuda.empty_cache()


def row(library, options, frames, device, dtype):
    q, k, v, d_num, d_den = draw_inputs(options, frames, device, dtype)
    ours = LinearAttention(library, q, k, v)
    forward = median_ms(ours.forward, device)
    backward = median_ms(lambda: ours.backward(d_num, d_den), device)
    both = forward + backward
    cells = [f'{frames:,}', f'{forward:.3f}', f'{backward:.3f}', f'{1000 * both / frames:.3f}']
    for attention in (scaled_dot_product, written_out):
        times = time_softmax(attention, q, k, v, d_num, device)
        if times is None:
            cells += ['no memory', '', '']
        else:
            cells += [f'{times[0]:.3f}', f'{times[1]:.3f}', f'{sum(times) / both:.1f}']
    return '| ' + ' | '.join(cells) + ' |'


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('path', metavar='library')
    parser.add_argument('--frames', type=int, nargs='+', default=[2**n for n in range(9, 17)])
    parser.add_argument('--heads', type=int, default=16)
    parser.add_argument('--type', choices=['bf16', 'float'], default='bf16')
    parser.add_argument('--device', default='cuda')
    options = parser.parse_args()
    library = ctypes.CDLL(options.path)
    device = torch.device(options.device)
    dtype = torch.bfloat16 if options.type == 'bf16' else torch.float32
    for frames in (1, 63, 200, 1024):
        error = check(library, options, frames, device, dtype)
        print(f'{frames} frames: largest error {error:.1e}')
        if not error < (1e-2 if options.type == 'bf16' else 1e-4):
            sys.exit('linear attention is wrong')
    print(f'\nCausal attention, {options.heads} heads of {DIM}, {options.type}; milliseconds; '
          '"times" are forward and backward against linear attention\'s.\n')
    print('| frames | linear, forward | backward | microseconds a frame | sdpa, forward | backward | '
          'times | written out, forward | backward | times |')
    print('|---' * 10 + '|')
    for frames in options.frames:
        print(row(library, options, frames, device, dtype), flush=True)


if __name__ == '__main__':
    main()
