# Man pages from docs/*.scd, where scdoc is installed.
find_program(SCDOC scdoc)
file(GLOB pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/*.scd)
if(SCDOC)
    set(built_pages "")
    foreach(page ${pages})
        get_filename_component(name ${page} NAME_WLE) # sandtable.1
        string(REGEX REPLACE ".*\\." "" section ${name})
        set(out ${CMAKE_BINARY_DIR}/man/man${section}/${name})
        file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/man/man${section})
        add_custom_command(OUTPUT ${out}
            COMMAND sh -c "exec \"$0\" <\"$1\" >\"$2\"" ${SCDOC} ${page} ${out} DEPENDS ${page} VERBATIM)
        list(APPEND built_pages ${out})
    endforeach()
    add_custom_target(man ALL DEPENDS ${built_pages})
    install(DIRECTORY ${CMAKE_BINARY_DIR}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR})
else()
    message(STATUS "no scdoc: man pages are not built")
endif()
