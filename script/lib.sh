# Shared by script/server and script/test: set-up steps that say what to do when they fail.
# shellcheck shell=sh

PDF_LIBRARIES='libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0'

say() {
    printf '%s\n' "$*"
}

fail() { # Chinese line, English line
    printf '\n出错：%s\n%s\n' "$1" "Error: $2" >&2
    exit 1
}

is_root() {
    [ "$(id -u)" -eq 0 ]
}

good_python() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# Sets $python to an interpreter of version 3.11 or later; PROPDESK_PYTHON chooses one.
need_python() {
    for python in ${PROPDESK_PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
        if good_python "$python"; then
            return
        fi
    done
    fail '需要 Python 3.11 或更高版本。请以 root 执行：apt-get update && apt-get install -y python3 python3-venv' \
        'Python 3.11 or later is needed: apt-get install python3 python3-venv'
}

apt_get() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@"
}

# Installs Debian packages when we may; returns 1 when we may not or it did not work.
install_packages() {
    is_root || return 1
    command -v apt-get >/dev/null 2>&1 || return 1
    say "正在安装系统软件：$*"
    # shellcheck disable=SC2086
    apt_get install -y --no-install-recommends "$@" >/dev/null 2>&1 && return 0
    apt_get update >/dev/null 2>&1 || true
    apt_get install -y --no-install-recommends "$@" >/dev/null 2>&1
}

has_library() {
    for directory in /lib /usr/lib /usr/local/lib /lib/*-linux-gnu /usr/lib/*-linux-gnu /usr/lib64; do
        for file in "$directory/$1".so*; do
            [ -e "$file" ] && return 0
        done
    done
    return 1
}

# Printing needs three libraries; the site runs without them and the print pages say the same line.
need_libraries() {
    [ "$(uname -s)" = Linux ] || return 0
    if has_library libpango-1.0 && has_library libpangoft2-1.0 && has_library libharfbuzz-subset; then
        return 0
    fi
    # shellcheck disable=SC2086
    if ! install_packages $PDF_LIBRARIES; then
        say '提示：打印文书需要的组件没有装上，网站照常启动。请以 root 执行：'
        say "    apt-get install -y $PDF_LIBRARIES"
        say '(Printing needs the packages above; everything else works.)'
    fi
}

digest() {
    cksum "$@" | cksum | cut -d ' ' -f 1
}

# Makes .venv from a lock file; does nothing when the lock file has not changed since.
make_venv() { # lock file
    lock=$1
    stamp=".venv/.$lock.stamp"
    wanted="$(digest "$lock")"
    if [ -x .venv/bin/python ] && ! good_python .venv/bin/python; then
        say '.venv 里的 Python 已不能使用，正在重建。'
        rm -rf .venv
    fi
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
        return
    fi
    # Never .venv/bin/pip: its first line names the directory the environment was made in.
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        say "正在建立 Python 环境（.venv）……"
        make_empty_venv
    fi
    say "正在安装依赖（$lock），第一次约需半分钟……"
    if ! .venv/bin/python -m pip install --disable-pip-version-check --no-input --progress-bar off \
        --require-hashes -r "$lock" >.venv/pip.log 2>&1; then
        tail -n 15 .venv/pip.log >&2
        fail '依赖没有装上。请检查网络，或用 PIP_INDEX_URL 指定可用的镜像后重试；完整记录在 .venv/pip.log' \
            'pip could not install the dependencies: check the network or set PIP_INDEX_URL; see .venv/pip.log'
    fi
    printf '%s\n' "$wanted" >"$stamp"
    say '依赖已就绪。'
}

make_empty_venv() {
    if ! "$python" -m venv .venv >/dev/null 2>&1; then
        rm -rf .venv
        install_packages python3-venv || true
        "$python" -m venv .venv >/dev/null 2>&1 || {
            rm -rf .venv
            fail '不能建立 .venv。请以 root 执行：apt-get install -y python3-venv；并确认当前目录可写、磁盘未满' \
                'cannot make .venv: install python3-venv, check that this directory is writable'
        }
    fi
}
