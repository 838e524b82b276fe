//! What callers are told.

use crate::Fault;

pub(crate) const FAULTS: &[Fault] = &[
    (
        "F014",
        "  choices:\n    en: \"For orders, press 1.",
        "  §choices:\n    en: \"For invoices, press 3. For orders, press 1.",
    ),
    (
        "F014",
        "  choices:\n    en: \"For orders, press 1. For repairs, press 2. To hear this again, press 9.\"\n    es: \"Para pedidos, pulse 1.",
        "  §choices:\n    en: \"For orders, press 1. For repairs, press 2. To hear this again, press 9.\"\n    es: \"Para pedidos, pulse 7, o pulse 1.",
    ),
    (
        "F014",
        "          9: repeat",
        "          9: repeat\n          §5: orders",
    ),
    (
        "F015",
        "  choices:\n    en: \"For orders",
        "  §choices:\n    en: \"Fernhill Cycles has made bicycles for more than forty years, in a workshop by the river where everything is still done by hand, from the frame to the bell. Nobody else gives you a guarantee for life, a service in each town of the country, and a helmet with each bicycle that you buy from us before the end of the year. For orders",
    ),
];
