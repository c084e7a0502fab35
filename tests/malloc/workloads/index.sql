-- SPDX-License-Identifier: MIT
-- index.sql - a table in memory, two indexes, sorting, strings joined, rows deleted and changed. The table scale comes with -cmd.
create table t(a integer primary key, b text, c real);
begin;
with recursive n(i) as (select 0 union all select i + 1 from n where i < (select v from scale) * 100)
insert into t select i, 'text ' || (i * 7919 % 10007) || substr('yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy', 1, i % 60), i * 0.5 from n;
commit;
create index by_text on t(b);
create index by_value on t(c, b);
select count(*), sum(length(b)) from t where b like '%7%';
select length(group_concat(b)) from (select b from t order by b desc);
delete from t where a % 3 = 0;
update t set b = b || b where a % 5 = 1;
select count(distinct b), max(length(b)) from t;
