#!/usr/bin/perl
# Adds the numbers of its input, a JSON list: the contract of docs/agent.md in Perl.
use strict;
use warnings;
use IO::Handle;

my @numbers;
if (defined $ENV{TSS_INPUT}) {
    open my $input, '<', $ENV{TSS_INPUT} or die "sum: $ENV{TSS_INPUT}: $!\n";
    @numbers = join('', <$input>) =~ /-?\d+/g;
}
if (!@numbers) {
    print STDERR "sum: there is nothing to add\n";
    exit 2;    # the task names 2 as an exit code after which it is not tried again
}
open my $tell, '>&=', $ENV{TSS_PROGRESS_FD} or die "sum: $!\n";
$tell->autoflush(1);
my ($sum, $done) = (0, 0);
for my $number (@numbers) {
    $sum += $number;
    printf $tell qq({"progress":%d,"message":"added %d"}\n), 100 * ++$done / @numbers, $number;
}
print $tell qq({"message":"attempt $ENV{TSS_ATTEMPT} of $ENV{TSS_TASK_NAME}"}\n);
open my $output, '>', $ENV{TSS_OUTPUT} or die "sum: $ENV{TSS_OUTPUT}: $!\n";
print $output qq({"sum":$sum,"count":$done}\n);
close $output or die "sum: $ENV{TSS_OUTPUT}: $!\n";
