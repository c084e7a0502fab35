# SPDX-License-Identifier: MIT
# hashes.pl SCALE - hashes of lists of strings, sorted, joined, deleted.
use strict;
my $scale = shift;
my (%lists, @pairs);
for my $i (1 .. $scale * 500) {
    push @{$lists{"key" . $i % ($scale * 90)}}, "v" x ($i % 40);
    push @pairs, [$i, "s$i"] if $i % 3 == 0;
}
my $joined = join ",", map { "$_=" . join "+", @{$lists{$_}} } sort keys %lists;
delete @lists{grep { length($_) % 2 } keys %lists};
@pairs = reverse sort { $a->[1] cmp $b->[1] } @pairs;
my %last = map { $_->[1] => $_ } @pairs;
print length $joined, " ", scalar keys %lists, " ", scalar keys %last, "\n";
