mod company;
mod settings;
