# LibTorch for the CPU, out of the PyTorch wheel that scripts/setup.sh puts into build/venv.
# The wheel's own TorchConfig.cmake asks for the whole of CUDA, so the two libraries a CPU program
# needs are imported here by hand. Gives the target rill::torch.
#
# Its headers come with -idirafter: the wheel carries old google/protobuf headers that would shadow
# Debian's, and no file that sees a .pb.h may see LibTorch anyway.
file(GLOB _torch_dir ${RILL_VENV}/lib/python3*/site-packages/torch)
if(NOT _torch_dir)
  message(FATAL_ERROR "No PyTorch wheel under ${RILL_VENV}: run scripts/setup.sh all, or configure "
    "with -DRILL_VENV=<venv that has torch>, or leave the trainer out with -DRILL_TRAINING=OFF")
endif()
cmake_path(GET _torch_dir PARENT_PATH _site)
file(GLOB _cuda_lib ${_site}/nvidia/cu13/lib)

add_library(rill_torch INTERFACE)
add_library(rill::torch ALIAS rill_torch)
target_compile_options(rill_torch INTERFACE
  "SHELL:-idirafter ${_torch_dir}/include"
  "SHELL:-idirafter ${_torch_dir}/include/torch/csrc/api/include")
target_link_libraries(rill_torch INTERFACE
  ${_torch_dir}/lib/libtorch_cpu.so ${_torch_dir}/lib/libc10.so)
target_link_options(rill_torch INTERFACE
  -Wl,-rpath,${_torch_dir}/lib -Wl,-rpath,${_cuda_lib}
  -Wl,-rpath-link,${_torch_dir}/lib -Wl,-rpath-link,${_cuda_lib})
