#!/usr/bin/env python3
"""Breaks the CUDA kernels one small way at a time, and says which breaks the tests catch.

    scripts/mutate_kernels.py BUILD [FILE...]

BUILD is a build folder made with Ninja in which rill_cuda_on_host_test is built; FILEs (all, if none)
are names in kernels/cuda. Four kinds of mutants, each compiled and run on its own:
  barrier  a __syncthreads or __syncwarp is removed
  bound    a "<" of a loop or condition becomes "<="
  early    a "<" of a loop or condition loses its last value: "a < b" becomes "a < b - 1"
  index    the last term of an address or subscript is dropped
Nothing in the source tree changes. Ends with the mutants that no test caught; some of those are no
mistakes at all (a barrier that another one makes unnecessary), which is for the reader to judge.
"""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KERNELS = Path('kernels/cuda')
TEST = 'rill_cuda_on_host_test'
TILES_USERS = ['attention_sums.cu', 'linear_attention.cu', 'linear_attention_backward.cu']
# What is compiled anew, and which tests run, for a mutant of a file.
FILES = {
    'attention_step.cu': (['attention_step.cu'], 'CudaAttentionStep*'),
    'attention_sums.cu': (['attention_sums.cu'], 'CudaLinearAttention*'),
    'attention_tiles.h': (TILES_USERS, 'CudaLinearAttention*'),
    'front_conv.cu': (['front_conv.cu'], 'CudaFrontConv*'),
    'glu_conv.cu': (['glu_conv.cu'], 'CudaGluConv*'),
    'linear_attention.cu': (['linear_attention.cu'], 'CudaLinearAttention*'),
    'linear_attention_backward.cu': (['linear_attention_backward.cu'], 'CudaLinearAttention*'),
    'log_mel.cu': (['log_mel.cu'], 'CudaLogMel*'),
    'log_softmax.cu': (['log_softmax.cu'], 'CudaLogSoftmax*'),
    'rms_norm.cu': (['rms_norm.cu'], 'CudaRmsNorm*'),
    'silu.cu': (['silu.cu'], 'CudaSilu*'),
}


def mutants(text):
    """(kind, line number, mutated text) of every mutant."""
    lines = text.split('\n')

    def put(number, line):
        return '\n'.join(lines[:number] + [line] + lines[number + 1:])

    for number, line in enumerate(lines):
        code = line.split('//')[0]
        if re.search(r'__sync(threads|warp)\(\);', code):
            yield 'barrier', number, put(number, re.sub(r'__sync(threads|warp)\(\);', '', line))
        # Loops over registers have bounds known to the compiler and are left alone: " < k...".
        for match in re.finditer(r'(\w|\)|\]) < (?!k[A-Z])[\w.\[\](]', code):
            if 'template' in code:
                continue
            at = match.start() + 1
            yield 'bound', number, put(number, line[:at] + ' <= ' + line[at + 3:])
            end = re.match(r' < [\w.]+(\[[^\]]*\])*', line[at:]).end() + at
            if line[end:end + 1] != '(':
                step = ' - kQuad' if '* kQuad' in code else ' - 1'  # bounds in quads
                yield 'early', number, put(number, line[:end] + step + line[end:])
        for match in re.finditer(r'(?:LoadQuad|StoreQuad)\([^,()]*?( \+ [\w.]+)(?=[,)])', code):
            yield 'index', number, put(number, line[:match.start(1)] + line[match.end(1):])
        for match in re.finditer(r'\[[^\]\[]*?( [+-] [\w.]+)\]', code):
            yield 'index', number, put(number, line[:match.start(1)] + line[match.end(1):])


def commands(build):
    """Of the test program: the command that compiles each kernel, and the one that links."""
    listed = subprocess.run(['ninja', '-C', build, '-t', 'commands', TEST], check=True,
                            capture_output=True, text=True).stdout.splitlines()
    compile_commands = {}
    for line in listed:
        match = re.search(r'-o (\S+/kernels/cuda/(\w+\.cu)\.o) -c (\S+)$', line)
        if match and '-fsanitize=address' in line:
            compile_commands[match.group(2)] = line
    link = next(line for line in listed if re.search(rf'-o \S+/{TEST} ', line))
    return compile_commands, link.split('&&')[1].strip()


def is_caught(build, scratch, sources, test_filter, compile_commands, link):
    objects = []
    for source in sources:
        out = scratch / (source + '.o')
        command = re.sub(r'-o \S+ -c \S+$', f'-o {out} -c {scratch / KERNELS / source}',
                         compile_commands[source])
        command = re.sub(r'-MD -MT \S+ -MF \S+', '', command)
        command = command.replace(f'-I{ROOT}', f'-I{scratch} -I{ROOT}', 1)
        if subprocess.run(command, shell=True, cwd=build, capture_output=True).returncode != 0:
            return 'does not compile'
        objects.append(str(out))
    program = scratch / 'mutant'
    command = re.sub(rf'-o \S+/{TEST} ', f'{" ".join(objects)} -o {program} ', link)
    subprocess.run(command, shell=True, cwd=build, check=True, capture_output=True)
    try:
        run = subprocess.run([program, f'--gtest_filter={test_filter}', '--gtest_fail_fast'],
                             cwd=scratch, capture_output=True, timeout=120)
    except subprocess.TimeoutExpired:
        return 'caught'
    return 'caught' if run.returncode != 0 else 'MISSED'


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    build = Path(sys.argv[1]).resolve()
    compile_commands, link = commands(build)
    counts, missed = {}, []
    for name in sys.argv[2:] or sorted(FILES):
        sources, test_filter = FILES[name]
        text = (ROOT / KERNELS / name).read_text()
        with tempfile.TemporaryDirectory() as folder:
            scratch = Path(folder)
            shutil.copytree(ROOT / KERNELS, scratch / KERNELS)
            for kind, number, mutated in mutants(text):
                (scratch / KERNELS / name).write_text(mutated)
                verdict = is_caught(build, scratch, sources, test_filter, compile_commands, link)
                where = f'{name}:{number + 1}'
                line = mutated.split('\n')[number].strip()
                print(f'{verdict:8} {kind:8} {where:36} {line}', flush=True)
                counts.setdefault((name, kind), []).append(verdict)
                if verdict == 'MISSED':
                    missed.append(f'{kind:8} {where:36} {line}')
    print(f'\n{"file":32}{"kind":10}caught  of')
    for (name, kind), verdicts in sorted(counts.items()):
        print(f'{name:32}{kind:10}{verdicts.count("caught"):6}{len(verdicts):4}')
    print('\nNot caught:' if missed else '\nAll were caught.')
    print('\n'.join(missed))


main()
