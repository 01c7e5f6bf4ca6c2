# Writes headers that list the plug-ins found in the tree, so that a new unit or model is one new file and no more.

# A folder of plug-ins -> ${out}_includes and ${out}_text, an enum (with `more` behind) and an X-macro of
# `<file stem><suffix>`.
function(axfire_list_folder out folder enum macro suffix more)
    file(GLOB files CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/${folder}/*.h)
    list(SORT files)
    set(includes "")
    set(names "")
    set(calls "")
    foreach(file IN LISTS files)
        get_filename_component(name ${file} NAME_WE)
        string(APPEND includes "#include \"${file}\"\n")
        string(APPEND names "    ${name}${suffix},\n")
        string(APPEND calls " X(${name}${suffix})")
    endforeach()
    set(text "enum class ${enum} : unsigned char {\n${names}${more}};\n\n#define ${macro}(X)${calls}\n")
    set(${out}_includes "${includes}" PARENT_SCOPE)
    set(${out}_text "${text}" PARENT_SCOPE)
endfunction()

function(axfire_write_if_changed file text)
    if(EXISTS ${file})
        file(READ ${file} old)
        if("${old}" STREQUAL "${text}")
            return()
        endif()
    endif()
    file(WRITE ${file} "${text}")
endfunction()

function(axfire_list_units)
    axfire_list_folder(adders arith/adders AdderId AXFIRE_ADDERS "" "    model,  // a user's own
")
    axfire_list_folder(multipliers arith/multipliers MultiplierId AXFIRE_MULTIPLIERS "" "    model,  // a user's own, or a table
")
    axfire_write_if_changed(${CMAKE_BINARY_DIR}/generated/arith/unit_lists.h
        "// Generated from the files in arith/adders and arith/multipliers.\n#pragma once\n\n${adders_includes}${multipliers_includes}\nnamespace axfire {\n\n${adders_text}\n${multipliers_text}\n}  // namespace axfire\n")
endfunction()

function(axfire_list_models)
    axfire_list_folder(models neurons/models ModelId AXFIRE_MODELS "_model" "")
    axfire_write_if_changed(${CMAKE_BINARY_DIR}/generated/neurons/model_list.h
        "// Generated from the files in neurons/models.\n#pragma once\n\n${models_includes}\nnamespace axfire {\n\n${models_text}\n}  // namespace axfire\n")
endfunction()
