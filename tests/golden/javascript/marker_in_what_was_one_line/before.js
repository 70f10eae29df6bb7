const limits = { low: 1, high: 2 };

export default limits;
