// Package scope says what the facts of a report mean for balenaOS: which device
// type a board is nearest to, which releases of Yocto its kernel can ride, what
// remains of a medium beside the system.
//
// What it knows of balena comes from the tables of boards/desk, each with its
// date, and it judges for a day that is given, so that an answer does not change
// by itself. It never promises, and never names a price.
package scope
