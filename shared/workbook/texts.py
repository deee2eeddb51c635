"""The texts of refusals and remarks about files and cells, by rule, in Chinese and English."""

from shared.secrecy import EN, ZH

HEADINGS_WRONG = (
    "表头与《{form}》不符。{where}{wrong}。请使用系统下发的模板，不要改动表头。",
    "The headings are not those of “{form}”. {where}{wrong}. Use the template as issued and leave its headings alone.",
)
NO_ROWS = (
    "《{form}》里一行数据也没有。请填写后再上传。",
    "There is not one row of data in “{form}”. Fill it in and upload it again.",
)
CLASSIFIED = (f"《{{form}}》第{{row}}行{ZH}。", f"“{{form}}”, row {{row}}: {EN}.")
NOTES = {
    "folded": ("“{title}”的“{value}”按“{read}”读取。", "“{value}” in “{en}” was read as “{read}”."),
    "month": (
        "“{title}”只有年月，按当月1日计算。",
        "“{en}” has a month only, and counts from its first day.",
    ),
    "filled": (
        "“{title}”在合并单元格 {range} 里，按合并的内容“{value}”读取。",
        "“{en}” lies in the merged cells {range} and was read as their content, “{value}”.",
    ),
    "hidden_row": ("是隐藏或被筛选掉的行，也已读取。", "is hidden, by hand or by a filter, and was read all the same."),
    "total": ("是“{value}”行，不是数据，未读取。", "“{value}” is a row of sums and no data; it was not read."),
    "footer": (
        "“{value}”是表尾的说明，不是数据，未读取。",
        "“{value}” stands below the table and is no data; it was not read.",
    ),
    "heading": ("是重复的表头，不是数据，未读取。", "repeats the headings and is no data; it was not read."),
    "left": ("没有填写，已略过。", "was left empty and passed over."),
    "unheaded": ("没有表头的列里有内容，未读取。", "There is something in a column without heading; it was not read."),
    "ignored": ("“{title}”栏不是本表的栏目，未读取。", "The column “{title}” is no part of the form; it was not read."),
    "hidden_column": ("“{title}”栏是隐藏的，也已读取。", "The column “{title}” is hidden and was read all the same."),
    "sheets": (
        "只读取了工作表“{value}”，其他工作表未读取：{others}。",
        "Only the sheet “{value}” was read, and not: {others}.",
    ),
}
RULES = {
    "classified": (ZH, EN),
    "required": ("“{title}”必须填写，此格为空。{help}", "“{en}” must be filled in and is empty. {help}"),
    "merged": (
        "“{title}”在合并单元格 {range} 里，不知道本行应填什么。请取消合并，逐行填写。",
        "“{en}” lies in the merged cells {range}, so that nobody knows what this row means. Unmerge them and fill in "
        "every row.",
    ),
    "pattern": (
        "“{title}”的“{value}”不合规定格式，请改正。{help}",
        "“{value}” is not in the form set for “{en}”; correct it. {help}",
    ),
    "stored": (
        "“{title}”存成了{was}（{value}），不是原来录入的文字：前面的0、第15位以后的数字会丢失"
        "（Excel 只保留15位）。"
        "请先把整列的单元格格式设为“文本”（Excel：开始—数字—文本；WPS：右键—设置单元格格式—文本），"
        "再重新录入。{help}",
        "“{en}” was stored as a {was_en} ({value}), not as the text that was typed: leading zeros and all beyond "
        "15 digits are lost. Format the whole column as text (Excel: Home, Number, Text; WPS: right click, Format "
        "cells, Text) and type it again. {help}",
    ),
    "apostrophe": (
        "“{title}”的“{value}”前面有撇号。撇号不是编号的一部分：请删去，把单元格格式设为“文本”后重新录入。{help}",
        "“{value}” in “{en}” begins with an apostrophe, which is no part of it: delete it, format the cell as text and "
        "type it again. {help}",
    ),
    "formula": (
        "“{title}”里是公式的写法（{value}），不是编号。请只填编号本身，并把单元格格式设为“文本”。{help}",
        "“{en}” holds the spelling of a formula ({value}). Enter the value itself, in a cell formatted as text. {help}",
    ),
    "strange": (
        "“{title}”的“{value}”里有“{strange}”（{code}），只是看起来像数字或字母，或者是脚注等标记。"
        "标记请删去；数字、字母请用键盘上的 0至9、A至Z 重新录入。{help}",
        "“{value}” in “{en}” contains “{strange}” ({code}), which only looks like a digit or a letter, or is a mark "
        "such as a footnote's. Delete marks, and type digits and letters as 0 to 9 and A to Z. {help}",
    ),
    "long": (
        "“{title}”最多{longest}个字，现有{length}个字，请缩短。{help}",
        "“{en}” has {length} characters, and may have {longest} at most; shorten it. {help}",
    ),
    "line": ("“{title}”里有换行或制表符，请改成一行。", "“{en}” contains line breaks or tabs; write it in one line."),
    "control": (
        "“{title}”里有看不见的控制字符，请删去重新录入。",
        "“{en}” contains control characters, which nobody sees; type it again.",
    ),
    "digits": (
        "“{title}”存成了数字，Excel 只保留15位，其余已丢失。请先把单元格格式设为“文本”，再重新录入。",
        "“{en}” was stored as a number, of which Excel keeps 15 digits; the rest is lost. Format the cell as text and "
        "type it again.",
    ),
    "unlike": (
        "“{title}”的单元格格式（百分比、时间、千或万）会改变数的样子，看到的与存的（{value}）不是同一个数。"
        "请把单元格格式设为“常规”，再重新录入。{help}",
        "“{en}” is formatted as a percentage, a time or in thousands, so that what is seen is not what is stored "
        "({value}). Format the cell as General and type it again. {help}",
    ),
    "integer": (
        "“{title}”只能填整数，不带单位；“{value}”不是。{help}",
        "“{en}” takes a whole number without unit, not “{value}”. {help}",
    ),
    "number": (
        "“{title}”只能填数字，不带单位；“{value}”不是。{help}",
        "“{en}” takes a number without unit, not “{value}”. {help}",
    ),
    "date": (
        "“{title}”只能填日期；“{value}”不是日期，或无此日。请按“2014-06-01”的样式填写。{help}",
        "“{en}” takes a date written like 2014-06-01; “{value}” is none. {help}",
    ),
    "month": (
        "“{title}”只能填日期或年月；“{value}”不是，或无此日、此月。请按“1976-05-04”或“1976-05”的样式填写。{help}",
        "“{en}” takes a date like 1976-05-04 or a month like 1976-05; “{value}” is neither. {help}",
    ),
    "january": (
        "“{title}”的“{value}”可能是1月，也可能是10月（表格会去掉末尾的0）。请写成 1976-01 或 1976-10 的样式。{help}",
        "“{value}” in “{en}” may be January or October, since a table drops the last 0. Write 1976-01 or "
        "1976-10. {help}",
    ),
    "choice": (
        "“{title}”只能填：{choices}；“{value}”不在其中。请从下拉列表中选。{help}",
        "“{en}” takes one of: {choices}; “{value}” is none of them. Use the drop-down. {help}",
    ),
    "uncalculated": (
        "“{title}”里的公式没有结果：文件里没有存下计算结果。请直接填写内容。",
        "The formula in “{en}” has no result that was stored in the file. Enter the value itself.",
    ),
    "fault": (
        "“{title}”里是错误值（{value}），没有结果。请直接填写内容。",
        "“{en}” holds an error ({value}) and has no result. Enter the value itself.",
    ),
    "shifted": (
        "本行的格数多于表头（最后是“{value}”）：多半是某格的文字里有逗号，其后各格都错了位。"
        "请把含逗号的内容用英文双引号括起来，或改存为 .xlsx 后重新上传。",
        "This row has more cells than there are headings (the last is “{value}”): probably a comma within a text has "
        "shifted the cells behind it. Put that text in double quotation marks, or save the table as .xlsx.",
    ),
    "ditto": (
        "“{title}”填的是“{value}”。每行各自登记，请写出具体内容。{help}",
        "“{en}” says “{value}”. Every row stands for itself: write out what is meant. {help}",
    ),
    "none": (
        "“{title}”必须填写，不能填“{value}”。{help}",
        "“{en}” must be filled in; “{value}” is nothing. {help}",
    ),
    "lost": (
        "“{title}”的“{value}”里有已丢失的字（�），请按原件重新录入。",
        "“{value}” in “{en}” has lost a character (�); type it again from the original.",
    ),
    "private": (
        "“{title}”里有自造字，别的电脑显示不出，请改用通用字重新录入（没有通用字的，可写拼音）。",
        "“{en}” holds characters of a private font, which other machines cannot show; type it again with standard ones "
        "(or in pinyin, where there are none).",
    ),
    "changed": (
        "“{title}”由系统预填，不得改动：现为“{value}”，本行封签所记原值为“{original}”。请改回原值；本行若是从别处复制来的，"
        "请重新下载模板；原值有误的，请报提供该数据的部门更正，不要在表中改。",
        "“{en}” was filled in by the system and must not be changed: it reads “{value}”, and the seal of this row says "
        "“{original}”. Put that back; if the row was copied from elsewhere, start from a fresh template; if the "
        "original is wrong, its owner must correct it, not this sheet.",
    ),
    "unsealed": (
        "“{title}”只能由系统预填，而本行没有封签，不是系统下发的行。请删除本行，在下发的行中填写。",
        "“{en}” is filled in by the system only, and this row bears no seal: it was not issued. Delete it and fill "
        "in a row that was.",
    ),
    "broken": (
        "本行封签无效，无法证明“{title}”等预填内容未被改动。请重新下载模板填写。",
        "The seal of this row is not valid, so nothing shows that “{en}” and the other prefilled cells are unchanged. "
        "Start from a fresh template.",
    ),
    "repeated": (
        "第{row}行与第{first}行重复：“{title}”同为“{value}”。同一对象只填一行，请删除或改正其中一行。",
        "Row {row} repeats row {first}: “{en}” is “{value}” in both. Delete or correct one of them.",
    ),
}
TYPED = RULES | {
    "stored": (
        "“{title}”不能只填数字、日期（{value}），请写明内容。{help}",
        "“{en}” takes more than a number or a date ({value}): write what is meant. {help}",
    ),
    "apostrophe": (
        "“{title}”的“{value}”前面有撇号。撇号不是编号的一部分，请删去。{help}",
        "“{value}” in “{en}” begins with an apostrophe, which is no part of it: delete it. {help}",
    ),
    "formula": (
        "“{title}”里是公式的写法（{value}），不是编号。请只填编号本身。{help}",
        "“{en}” holds the spelling of a formula ({value}). Enter the value itself. {help}",
    ),
    "digits": (
        "“{title}”的“{value}”位数过多，最多15位，请核对。{help}",
        "“{value}” in “{en}” has more than 15 digits; look at it again. {help}",
    ),
    "uncalculated": (
        "“{title}”里只有等号，请直接填写内容。",
        "“{en}” holds nothing but an equals sign. Enter the value itself.",
    ),
}
"""The same texts for what was typed into a page, which has no cells that could be formatted."""
