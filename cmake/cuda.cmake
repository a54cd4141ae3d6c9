# Whether kernels/cuda is compiled by nvcc and the CUDA plug-in is built (model/encoder/cuda). Without it
# nothing of CUDA is in any target; what they compute is tested on the host all the same
# (tests/kernels/cuda).
set(RILL_CUDA AUTO CACHE STRING
  "Build the CUDA kernels: ON, with the tests for a GPU; OFF; AUTO: if a working nvcc is there")
set_property(CACHE RILL_CUDA PROPERTY STRINGS AUTO ON OFF)
# A GPU older or newer than these runs the PTX of the last one, if it can.
set(RILL_CUDA_ARCHITECTURES 90 CACHE STRING
  "GPUs to compile for, as CMAKE_CUDA_ARCHITECTURES; all: 80-real;90-real;100")

set(RILL_CUDA_TESTS ${RILL_CUDA})
if(RILL_CUDA STREQUAL "AUTO")
  set(RILL_CUDA_TESTS OFF)
  set(RILL_CUDA OFF)
  if(NOT RILL_SANITIZE)  # the sanitizers are for the host's code
    include(CheckLanguage)
    check_language(CUDA)
    if(CMAKE_CUDA_COMPILER)
      set(RILL_CUDA ON)
    else()
      message(STATUS "No working nvcc: CUDA is left out (-DRILL_CUDA=ON says why)")
    endif()
  endif()
endif()

if(RILL_CUDA)
  if(RILL_CUDA_ARCHITECTURES STREQUAL "all")
    set(CMAKE_CUDA_ARCHITECTURES 80-real 90-real 100)
  else()
    set(CMAKE_CUDA_ARCHITECTURES ${RILL_CUDA_ARCHITECTURES})
  endif()
  if(RILL_CCACHE)
    set(CMAKE_CUDA_COMPILER_LAUNCHER ${RILL_CCACHE})
  endif()
  enable_language(CUDA)
  set(CMAKE_CUDA_STANDARD 17)  # the newest that CMake 3.25 knows for nvcc
  set(CMAKE_CUDA_STANDARD_REQUIRED ON)
  set(CMAKE_CUDA_EXTENSIONS OFF)
  find_package(CUDAToolkit REQUIRED)
  if(NOT TARGET CUDA::cublasLt)
    if(RILL_CUDA_TESTS)
      message(FATAL_ERROR "There is an nvcc, but no cuBLASLt beside it")
    endif()
    message(STATUS "No cuBLASLt beside nvcc: CUDA is left out")
    set(RILL_CUDA OFF)
  endif()
endif()
