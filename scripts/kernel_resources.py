#!/usr/bin/env python3
"""Prints what the CUDA kernels take of an H100 and what they move, as a table for docs/cuda.md.

    scripts/kernel_resources.py [--nvcc NVCC]

Compiles kernels/cuda and reads ptxas's report: no GPU is needed. The table is for sm_90; fails if a
kernel spills registers there, on sm_80 or on sm_100. Threads, shared memory and bytes are those of a launch for the M encoder (width 256, 4
heads, 80 mel bins) with chunks of 4 frames and BFloat16 between matrix products; they are worked out
by hand below, from the structs in the sources, and the bytes are those that must pass device memory
if each launch finds nothing of its data in a cache, but what a block reads twice itself.
"""
import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# sm_90, of a multiprocessor.
REGISTERS, REGISTER_UNIT, WARPS, BLOCKS = 65536, 256, 64, 32
SHARED, SHARED_OF_SYSTEM, SHARED_UNIT = 233472, 1024, 128

STATE = 65 * 64 * 4   # S and z of one head
FRAMES = 4            # of a stream's step
TILE = 64 * 68 * 4
WEIGHTS = 64 * 26     # BlockWeights
HEAD_TILE = 2 * 16 * 68 * 4 + 2 * 16 * 64 * 4 + 16 * 16 * 4 + 64 * 4 + 4 * 16 * 4
SUM_SHARE = STATE / 64  # bytes a frame of a block's sum

# Kernel: threads, dynamic shared memory, what the bytes are of, bytes moved, fewest bytes.
ROW_INPUT = FRAMES * 2 * (4 * 256 + 256 + 256)
LAUNCHES = {
    'StepAttention': (512, 4 * HEAD_TILE, 'stream and layer',
                      2 * 4 * STATE + ROW_INPUT, 2 * 4 * STATE + ROW_INPUT),
    'GluConv': (128, 47 * 64 * 4, 'stream and layer',
                2 * 14 * 256 * 4 + FRAMES * 256 * (4 + 4), 2 * 14 * 256 * 4 + FRAMES * 256 * (4 + 4)),
    'NormalizeRows<*, 2>': (128, 0, 'frame', 256 * 12, 256 * 12),
    'ApplySilu': (256, 0, 'frame (1,024 values)', 1024 * 4, 1024 * 4),
    'ConvolveFront': (256, 4 * (5 * 81 + 3 * 41 * 32), 'stream',
                      2 * 4 * (81 + 41 * 32) + FRAMES * (4 * 80 * 4 + 20 * 9 * 32 * 2),
                      2 * 4 * (81 + 41 * 32) + FRAMES * (4 * 80 * 4 + 20 * 9 * 32 * 2)),
    'NormalizeLogits': (128, 0, 'frame (29 tokens, best 1)', 29 * 4 + 8, 29 * 4 + 8),
    'ComputeLogMel': (128, 4 * 768 * 4, 'feature frame', 880 * 4 / 4 + 80 * 4, 160 * 4 + 80 * 4),
    'SumBlock': (256, 2 * TILE + 256 + WEIGHTS, 'head and frame',
                 2 * 64 * 2 + SUM_SHARE, 2 * 64 * 2 + SUM_SHARE),
    'ScanBlocks': (128, 0, 'head and frame', 2 * SUM_SHARE, 2 * SUM_SHARE),
    'AttendBlock': (256, 4 * TILE + 256 + WEIGHTS, 'head and frame',
                    4 * 64 * 2 + 8 + SUM_SHARE, 4 * 64 * 2 + 8 + SUM_SHARE),
    'BlockGradients': (256, 7 * TILE + 3 * 256 + 32 + WEIGHTS, 'head and frame',
                       7 * 64 * 2 + 12 + 4 * SUM_SHARE, 7 * 64 * 2 + 12 + 2 * SUM_SHARE),
    'AddSinkShares': (64, 0, 'sequence and head', 64 * 4, 64 * 4),
}


def compile_report(nvcc, architecture):
    """{kernel: (registers, stack bytes, spill bytes)} over all files."""
    kernels = {}
    for source in sorted((ROOT / 'kernels/cuda').glob('*.cu')):
        run = subprocess.run([nvcc, '-std=c++17', '-O3', f'-arch={architecture}', '-Xptxas', '-v', '-cubin',
                              '-o', '/dev/null', f'-I{ROOT}', source], capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(run.stderr)
        report = subprocess.run(['c++filt'], input=run.stderr, capture_output=True, text=True).stdout
        name = None
        for line in report.splitlines():
            if match := re.search(r"Compiling entry function '(.*)' for", line):
                name = match.group(1).split('(anonymous namespace)::')[1].split('(')[0]
                name = name.replace('rill::kernels::', '')
            if match := re.search(r'(\d+) bytes stack frame, (\d+) bytes spill stores', line):
                stack, spills = map(int, match.groups())
            if match := re.search(r'Used (\d+) registers', line):
                kernels[name] = (int(match.group(1)), stack, spills)
    return kernels


def blocks_resident(registers, threads, shared):
    warps = (threads + 31) // 32
    of_warp = -(-registers * 32 // REGISTER_UNIT) * REGISTER_UNIT
    of_block = -(-(shared + SHARED_OF_SYSTEM) // SHARED_UNIT) * SHARED_UNIT
    return min(BLOCKS, WARPS // warps, REGISTERS // of_warp // warps, SHARED // of_block)


def launch_of(name):
    for pattern, launch in LAUNCHES.items():
        regex = re.escape(pattern).replace(r'\*', '[^,]+')
        if re.fullmatch(regex if '<' in pattern else regex + '(<.*>)?', name):
            return launch
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--nvcc', default='nvcc')
    nvcc = parser.parse_args().nvcc
    kernels = compile_report(nvcc, 'sm_90')
    print('| kernel | registers | spills | threads | shared | blocks | warps | bytes of | moved | fewest |')
    print('|---|---|---|---|---|---|---|---|---|---|')
    for name, (registers, stack, spills) in sorted(kernels.items()):
        launch = launch_of(name)
        row = f'| `{name}` | {registers} | {spills} |'
        if launch is None:
            print(row + ' | | | | | | |')
            continue
        threads, shared, of, moved, fewest = launch
        blocks = blocks_resident(registers, threads, shared)
        warps = blocks * ((threads + 31) // 32)
        row += f' {threads} | {shared:,} | {blocks} | {warps} of {WARPS} |'
        if '<float' in name:
            print(row + ' | | |')
            continue
        print(f'{row} {of} | {moved:,.0f} | {fewest:,.0f} |')
    spilling = []
    for architecture in ('sm_80', 'sm_90', 'sm_100'):
        report = kernels if architecture == 'sm_90' else compile_report(nvcc, architecture)
        spilling += [f'{name} ({architecture})' for name, (_, _, spills) in report.items() if spills > 0]
    if spilling:
        sys.exit('These kernels spill registers: ' + ', '.join(spilling))


main()
