# Compiler settings and the few helper functions that the rooms' CMakeLists.txt share.
find_program(RILL_CCACHE ccache)
if(RILL_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${RILL_CCACHE})
endif()

find_package(Threads REQUIRED)

add_library(rill_options INTERFACE)
target_include_directories(rill_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(rill_options INTERFACE -Wall -Wextra -Wno-unused-parameter)
target_link_libraries(rill_options INTERFACE Threads::Threads)
if(RILL_SANITIZE)
  add_compile_options(-fsanitize=${RILL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${RILL_SANITIZE})
endif()

if(RILL_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# rill_library(NAME SOURCES... ): a room's static library.
function(rill_library name)
  add_library(${name} STATIC ${ARGN})
  target_link_libraries(${name} PUBLIC rill_options)
endfunction()

# rill_simd_sources(TARGET FILES...): compiles each file once an instruction set, into the
# namespace named by RILL_SIMD (avx2, avx512). kernels/cpu/simd.h chooses between them at run time.
function(rill_simd_sources target)
  rill_simd_variant(${target} avx2 "-march=x86-64-v3" ${ARGN})
  rill_simd_variant(${target} avx512 "-march=x86-64-v4;-mprefer-vector-width=512" ${ARGN})
endfunction()

# rill_simd_bfloat16_sources(TARGET FILES...): the same, and once more into avx512bf16, for files
# whose time goes into storing BFloat16.
function(rill_simd_bfloat16_sources target)
  rill_simd_sources(${target} ${ARGN})
  rill_simd_variant(${target} avx512bf16
    "-march=x86-64-v4;-mavx512bf16;-mprefer-vector-width=512" ${ARGN})
endfunction()

function(rill_simd_variant target isa flags)
  string(MD5 id "${ARGN}")
  string(SUBSTRING ${id} 0 6 id)
  set(objects ${target}_${isa}_${id})
  add_library(${objects} OBJECT ${ARGN})
  target_link_libraries(${objects} PRIVATE rill_options)
  target_compile_definitions(${objects} PRIVATE RILL_SIMD=${isa} RILL_SIMD_${isa}=1)
  target_compile_options(${objects} PRIVATE ${flags} -O3 -fopenmp-simd
    -fno-math-errno -fno-trapping-math -ffp-contract=fast
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)  # GCC 12 warns of its own AVX-512 intrinsics (bug 105593)
  target_sources(${target} PRIVATE $<TARGET_OBJECTS:${objects}>)
endfunction()

# rill_test(NAME SOURCES files LIBS libraries): one GoogleTest program, each case known to CTest.
function(rill_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS;LABELS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE rill_options ${arg_LIBS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE RILL_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 600 LABELS "${arg_LABELS}")
endfunction()
