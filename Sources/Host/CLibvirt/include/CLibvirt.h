void novella_x(void);
