# The kernels are compiled once for each instruction set, in a namespace of its name; the best is chosen at run time.

function(axfire_isa_kernels target)
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/engine/backend/cpu/isa/*.cpp)
    set(flags_baseline "")
    set(isas baseline)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
        list(APPEND isas avx2 avx512)
        set(flags_avx2 -mavx2 -mf16c -mtune=haswell)
        set(flags_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512cd -mprefer-vector-width=512)
    endif()
    set(table "")
    foreach(isa IN LISTS isas)
        string(REPLACE ";" "\", \"" words "${flags_${isa}}")
        string(APPEND table "    {\"${isa}\", {\"${words}\"}},\n")
        add_library(axfire_kernels_${isa} OBJECT ${sources})
        target_link_libraries(axfire_kernels_${isa} PRIVATE axfire_flags axfire_aligned)
        target_compile_options(axfire_kernels_${isa} PRIVATE ${flags_${isa}} $<$<CONFIG:Release>:-O3>)
        target_compile_definitions(axfire_kernels_${isa} PRIVATE AXFIRE_ISA=${isa})
        target_sources(${target} PRIVATE $<TARGET_OBJECTS:axfire_kernels_${isa}>)
    endforeach()
    string(REPLACE "{\"\"}" "{}" table "${table}")
    axfire_write_if_changed(${CMAKE_BINARY_DIR}/generated/engine/backend/isa_flags.h
        "// Generated: the compiler's flags for each instruction set, and those of the arithmetic.\n#pragma once\n\n#include <string>\n#include <vector>\n\nnamespace axfire {\n\nstruct IsaFlags {\n    std::string isa;\n    std::vector<std::string> flags;\n};\ninline const std::vector<IsaFlags> kIsaFlags = {\n${table}};\ninline const std::vector<std::string> kArithmeticFlags = {\"-ffp-contract=off\", \"-fno-fast-math\"};\n\n}  // namespace axfire\n")
endfunction()

# The headers that instances and the benchmark's scalar models are compiled from, inside the program.
function(axfire_embed_headers target)
    file(GLOB headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}
         ${CMAKE_SOURCE_DIR}/arith/*.h ${CMAKE_SOURCE_DIR}/arith/adders/*.h ${CMAKE_SOURCE_DIR}/arith/multipliers/*.h
         ${CMAKE_SOURCE_DIR}/synapses/*.h ${CMAKE_SOURCE_DIR}/neurons/*.h ${CMAKE_SOURCE_DIR}/neurons/models/*.h
         ${CMAKE_SOURCE_DIR}/engine/backend/cpu/*.h ${CMAKE_SOURCE_DIR}/engine/backend/jit/model/*.h
         ${CMAKE_SOURCE_DIR}/engine/bench/scalar/*.h ${CMAKE_SOURCE_DIR}/engine/backend/cuda/device/*.h
         ${CMAKE_SOURCE_DIR}/engine/backend/cuda/device/include/*)
    set(embedded ${CMAKE_BINARY_DIR}/generated/embedded_headers.cpp)
    set(generated arith/unit_lists.h neurons/model_list.h)
    list(TRANSFORM generated PREPEND ${CMAKE_BINARY_DIR}/generated/ OUTPUT_VARIABLE generated_paths)
    list(TRANSFORM headers PREPEND ${CMAKE_SOURCE_DIR}/ OUTPUT_VARIABLE header_paths)
    string(REPLACE ";" "," names "${headers}")
    string(REPLACE ";" "," generated_names "${generated}")
    add_custom_command(OUTPUT ${embedded}
        COMMAND ${CMAKE_COMMAND} -DOUT=${embedded} -DSOURCE=${CMAKE_SOURCE_DIR} -DNAMES=${names}
                -DGENERATED=${CMAKE_BINARY_DIR}/generated -DGENERATED_NAMES=${generated_names}
                -P ${CMAKE_SOURCE_DIR}/scripts/cmake/embed.cmake
        DEPENDS ${header_paths} ${generated_paths} ${CMAKE_SOURCE_DIR}/scripts/cmake/embed.cmake
        COMMENT "Embedding the kernels' headers")
    target_sources(${target} PRIVATE ${embedded})
endfunction()
