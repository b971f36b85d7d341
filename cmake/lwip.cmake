# lwIP itself, from the source that dev/fetch_sources.sh puts into build/lwip. For tests and firmware of this tree.
include_guard()
set(LWIP_DIR ${PROJECT_SOURCE_DIR}/build/lwip)
set(have_lwip FALSE)
if(EXISTS ${LWIP_DIR}/src/include/lwip/init.h)
    set(have_lwip TRUE)
    include(${LWIP_DIR}/src/Filelists.cmake)
endif()

# add_lwip(NAME OPTIONS_FOLDER [SOURCE...]): lwIP as the lwipopts.h and arch/cc.h in that folder want it, and more of its
# package's sources.
function(add_lwip name options)
    add_library(${name} STATIC ${lwipcore_SRCS} ${lwipcore4_SRCS} ${LWIP_DIR}/src/netif/ethernet.c)
    foreach(source IN LISTS ARGN)
        target_sources(${name} PRIVATE ${LWIP_DIR}/${source})
    endforeach()
    target_include_directories(${name} SYSTEM PUBLIC ${LWIP_DIR}/src/include ${options})
    target_compile_options(${name} PRIVATE -w)  # others' code
endfunction()
