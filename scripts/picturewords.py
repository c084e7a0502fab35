# SPDX-License-Identifier: MIT
"""picturewords.py - what picture.py and live say, in English and in Chinese; and how wide a text is on a terminal."""

import os
import unicodedata

OWNERS = ("free", "firmware", "image", "array", "table", "kstack", "slab", "buffer", "anon", "file", "shmem")    # in help's order

ENGLISH = {
    "title": "Faultline live   RAM {ram} = {frames} frames, {used} in use, {free} free",
    "processes": ("pid", "name", "VSZ", "RSS", "swap", "faults", "program"),
    "pages": "pages of pid {pid} {name}: {regions}, # resident  + partly  {disk}. promised",
    "on_disk": "~ on the swap disk  ",
    "part": "   {first}-{last} of {all}",
    "nobody": "no such process (any more): choose another one",
    "changing": "the guest's memory is changing ...",
    "held": "HELD (space goes on)  ",
    "keys": " n p process  a youngest  j k scroll  space hold  l 中文  h help  q quit ",
    "owners": {"free": "nobody's", "firmware": "the firmware's: not to be touched", "image": "the kernel's own code and data",
               "array": "the array with a struct page for each frame", "table": "page tables: what a process's mappings cost",
               "kstack": "kernel stacks, one a thread", "slab": "small objects of the kernel", "buffer": "pipes, the trace, buffers",
               "anon": "anonymous memory: heaps, stacks, written copies", "file": "contents of files: the page cache",
               "shmem": "shared memory"},
    "help": ("What is this?", [
        "Above: all RAM, frame by frame. A letter is some frames, and says whose:", None,
        "Frames of the chosen process are reversed: they light up as it touches memory.",
        "Middle: the processes. VSZ is what one was promised, RSS what it has in frames.",
        "Below: the regions of the chosen process (>). A mark is some of its pages:",
        "# all have a frame, + some, ~ some are on the swap disk, . none: promised only.", "",
        "n p, right left   the next, the previous process; a  the youngest one",
        "j k, down up      scroll the regions; space  hold the picture; l  中文; q  quit", "",
        "Any key goes back."]),
}
CHINESE = {
    "title": "Faultline 实时画面   内存 {ram} = {frames} 个页框，已用 {used}，空闲 {free}",
    "processes": ("进程号", "名称", "VSZ", "RSS", "换出", "缺页", "程序"),
    "pages": "进程 {pid} {name} 的页：{regions} 个区域，# 已驻留  + 部分  {disk}. 仅承诺",
    "on_disk": "~ 在交换盘上  ",
    "part": "   第 {first}-{last} 个，共 {all} 个",
    "nobody": "没有这个进程（或已结束）：请另选一个",
    "changing": "客户机的内存正在变化……",
    "held": "已停住（空格继续）  ",
    "keys": " n p 换进程  a 最新的  j k 滚动  空格 停住  l English  h 说明  q 退出 ",
    "owners": {"free": "空闲，不属于任何人", "firmware": "固件的：不能动", "image": "内核自己的代码和数据",
               "array": "每个页框一个 struct page 的数组", "table": "页表：进程的映射所花的代价",
               "kstack": "内核栈，每个线程一个", "slab": "内核的小对象", "buffer": "管道、事件流、缓冲区",
               "anon": "匿名内存：堆、栈、写过的副本", "file": "文件的内容：页缓存",
               "shmem": "共享内存"},
    "help": ("这是什么？", [
        "上：整个机器的内存，一个页框挨一个页框。一个字母代表若干页框，表示它们属于谁：", None,
        "所选进程的页框反色显示：它碰到内存时，就会亮起来。",
        "中：各个进程。VSZ 是承诺给它的，RSS 是其中真有页框的。",
        "下：所选进程（>）的各个区域。一个记号代表若干页：# 全都有页框，+ 有一些，",
        ". 一个也没有，只是承诺；~ 没有页框，但有些在交换盘上。运行 `tour`，看着一行行填满。", "",
        "n p，右 左   下一个、上一个进程；a  最新的那个",
        "j k，下 上   滚动区域；空格  停住画面；l  English；q  退出", "",
        "按任意键返回。"]),
}


def words_wanted():
    return CHINESE if os.environ.get("LANG", "").startswith("zh") else ENGLISH


def other(words):
    return ENGLISH if words is CHINESE else CHINESE


def columns(text):
    """Chinese characters take two."""
    return len(text) + sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)


def cut_text(text, width):
    while columns(text) > width:
        text = text[:-1]
    return text


def left(text, width):
    return text + " " * (width - columns(text))


def right(text, width):
    return " " * (width - columns(text)) + text
