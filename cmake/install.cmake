# cmake --install: the programs, what they read, man pages, completions. Included last.
include(GNUInstallDirs)
include(cmake/docs.cmake)
set(programs sandtable)
if(TARGET sandtable-display)
    list(APPEND programs sandtable-display)
endif()
install(TARGETS ${programs} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
foreach(folder scenarios images lua)
    if(EXISTS ${CMAKE_SOURCE_DIR}/${folder})
        install(DIRECTORY ${folder} DESTINATION ${CMAKE_INSTALL_DATADIR}/sandtable
            USE_SOURCE_PERMISSIONS PATTERN CMakeLists.txt EXCLUDE)
    endif()
endforeach()
install(FILES README.md LICENSE docs/tour.md docs/threat-model.md docs/events.md
    DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(EXISTS ${CMAKE_SOURCE_DIR}/completions)
    install(FILES completions/sandtable.bash RENAME sandtable
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
    install(FILES completions/_sandtable DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
endif()
